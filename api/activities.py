"""/v1/activities, /v1/services: who served where, for how long, and who confirmed it."""

from __future__ import annotations

from api.concerning import of_organisation, of_person, of_record
from api.routing import Routes
from ledger.commands.activities import (
    CancelActivity,
    CheckInVolunteer,
    CheckOutVolunteer,
    CloseActivity,
    OpenActivity,
    RejectService,
    VerifyService,
    WithdrawVerification,
    cancel_activity,
    check_in_volunteer,
    check_out_volunteer,
    close_activity,
    open_activity,
    reject_service,
    verify_service,
    withdraw_verification,
)
from projections.services import (
    ActivitiesQuery,
    ActivityQuery,
    ServicesQuery,
    view,
    volunteer_activities,
    volunteer_activity,
    volunteer_services,
)

routes = Routes("activities", zh="志愿服务活动", en="Volunteer activities")

ALL = "/v1/activities"
ONE = "/v1/activities/{activity_id}"
ACTIVITY = of_record("activity_id", "activity")
ATTENDING = (of_record("activity_id", "activity", is_offered=True), of_person("volunteer_id"))
"""Volunteers come and go for themselves, at any activity."""

routes.command(ALL, OpenActivity, open_activity, about=of_organisation("place_id"), zh="发布活动")
routes.command(ONE + "/check-ins", CheckInVolunteer, check_in_volunteer, about=ATTENDING, zh="签到")
routes.command(
    ONE + "/check-outs", CheckOutVolunteer, check_out_volunteer, about=ATTENDING, zh="签退"
)
routes.command(
    ONE + "/verifications", VerifyService, verify_service, about=ACTIVITY, zh="核实服务时长"
)
routes.command(
    ONE + "/rejections", RejectService, reject_service, about=ACTIVITY, zh="不予认定服务"
)
routes.command(
    ONE + "/verification-withdrawals",
    WithdrawVerification,
    withdraw_verification,
    about=ACTIVITY,
    zh="撤回核实",
)
routes.command(
    ONE + "/cancellations", CancelActivity, cancel_activity, about=ACTIVITY, zh="取消活动"
)
routes.command(ONE + "/closings", CloseActivity, close_activity, about=ACTIVITY, zh="结束登记")
routes.read(ALL, ActivitiesQuery, volunteer_activities, view=view, zh="活动一览")
routes.read_one(ONE, ActivityQuery, volunteer_activity, view=view, zh="查看活动")
routes.read("/v1/services", ServicesQuery, volunteer_services, view=view, zh="服务记录")
