"""What holds for organisations and the posts in them."""

from ledger.policy_values import StandardList, StandardValue

VALUES: tuple[StandardValue, ...] = (
    StandardValue(
        name="organisation.delegation_days_max",
        value=180,
        unit="days",
        basis_zh="自行设定：临时委托他人代行职务，一次不超过一百八十日；更久的应当调整任职",
        basis_en="Our own choice: somebody stands in for a post for 180 days at a time at most; "
        "for longer, the post itself is filled anew",
        certainty="house",
    ),
)

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
