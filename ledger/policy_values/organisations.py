"""What holds for organisations and the posts in them."""

from ledger.policy_values import StandardList, StandardValue

VALUES: tuple[StandardValue, ...] = ()

LISTS: tuple[StandardList, ...] = (
    StandardList(
        name="organisation.single_holder_posts",
        items=("secretary", "director", "chair", "manager", "head", "treasurer"),
        count=None,
        basis_zh="自行设定：书记、主任、业委会主任、项目经理、负责人和财务，同一时间只由一人担任",
        basis_en="Our own choice: secretary, director, committee chair, manager, head and "
        "treasurer are posts that one person holds at a time",
        certainty="house",
    ),
)
