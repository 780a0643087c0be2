"""/v1/accounts: estates' public accounts: open, revenue, reversals, closings; statements."""

from __future__ import annotations

from api.concerning import of_organisation, of_record
from api.routing import Routes
from ledger.commands import accounts
from projections import accounts as shown

routes = Routes("accounts", zh="小区公共账户", en="Public accounts")

ALL = "/v1/accounts"
ONE = ALL + "/{account_id}"
ACCOUNT = of_record("account_id", "public_account")

routes.command(
    ALL,
    accounts.OpenPublicAccount,
    accounts.open_public_account,
    about=(of_organisation("estate_id"), of_organisation("street_id")),
    zh="开立公共账户",
)
routes.command(
    ONE + "/receipts",
    accounts.ReceiveRevenue,
    accounts.receive_revenue,
    about=(ACCOUNT, of_record("lease_id", "lease")),
    zh="登记收益到账",
)
routes.command(
    ONE + "/receipts/{receipt_id}/reversals",
    accounts.ReverseRevenue,
    accounts.reverse_revenue,
    about=ACCOUNT,
    zh="冲正一笔收益",
    location=ONE,
)
routes.command(
    ONE + "/closings", accounts.ClosePeriod, accounts.close_period, about=ACCOUNT, zh="月末结账"
)
routes.command(
    ONE + "/reopenings", accounts.ReopenPeriod, accounts.reopen_period, about=ACCOUNT, zh="重开账期"
)

view = shown.view
routes.read(ALL, shown.AccountQuery, shown.account_register, view=view, zh="公共账户台账")
routes.read_one(ONE, shown.AccountAt, shown.account_by_id, view=view, zh="查看公共账户")
routes.read(
    ONE + "/statement", shown.StatementQuery, shown.account_statement, view=view, zh="收支明细"
)
routes.read(
    ONE + "/periods", shown.PeriodQuery, shown.account_periods, view=view, zh="期初、收支与期末"
)
routes.read(
    ONE + "/income", shown.IncomeQuery, shown.account_income, view=view, zh="按类别汇总收益"
)
