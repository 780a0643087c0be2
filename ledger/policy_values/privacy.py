"""Personal data: what it may be read for, when it must be erased, by when requests are answered."""

from __future__ import annotations

from ledger.policy_values import StandardList, StandardValue

VALUES: tuple[StandardValue, ...] = (
    StandardValue(
        name="privacy.answer_term",
        value=15,
        unit="working-days",
        basis_zh="《个人信息保护法》第五十条要求建立便捷的申请受理和处理机制（条文未核对）；"
        "十五个工作日为自行设定",
        basis_en="PIPL art. 50 asks for a convenient way to handle requests (text not checked); "
        "fifteen working days are our own choice",
        certainty="house",
    ),
    StandardValue(
        name="privacy.backup_days",
        value=30,
        unit="days",
        basis_zh="自行设定：数据库备份和归档日志最多保存三十日，删除后的副本至迟此时失效；"
        "备份策略更长的，须相应调整",
        basis_en="Our own choice: backups and archived WAL are kept for thirty days at most, so "
        "copies of what was erased are gone by then; whoever keeps them longer must say so here",
        certainty="house",
    ),
    StandardValue(
        name="privacy.reading_minutes",
        value=60,
        unit="minutes",
        basis_zh="自行设定：同一人对同一类审计数据的查阅，每六十分钟记录一次",
        basis_en="Our own choice: one person's reading of one kind of audit data is recorded once "
        "in sixty minutes",
        certainty="house",
    ),
)

LISTS: tuple[StandardList, ...] = (
    StandardList(
        name="privacy.purposes",
        items=(
            "petition_handling",
            "visit_back",
            "identity_check",
            "payout",
            "emergency",
            "supervision",
            "discipline_inspection",
            "audit",
            "own_request",
        ),
        count=None,
        basis_zh="《个人信息保护法》第五条、第六条：处理个人信息应当具有明确、合理的目的"
        "（条文未核对）；清单为自行设定",
        basis_en="PIPL arts. 5 and 6: personal information is handled for a clear and reasonable "
        "purpose (text not checked); the list is our own choice",
        certainty="general",
    ),
    StandardList(
        name="privacy.erasure_grounds",
        items=(
            "purpose_ended",
            "service_ended",
            "retention_over",
            "consent_withdrawn",
            "handled_unlawfully",
        ),
        count=None,
        basis_zh="《个人信息保护法》第四十七条：应当删除个人信息的情形",
        basis_en="PIPL art. 47: when personal information must be erased",
        certainty="verified",
    ),
    StandardList(
        name="privacy.legal_holds",
        items=(
            "retention_period_by_law",
            "erasure_technically_hard",
            "audit",
            "discipline_inspection",
            "court",
        ),
        count=None,
        basis_zh="《个人信息保护法》第四十七条：法定保存期限未届满或技术上难以删除的，"
        "停止除存储和必要安全保护之外的处理；审计、纪检、诉讼三项为自行设定",
        basis_en="PIPL art. 47: while a legal retention period runs or erasing is technically "
        "hard, all but storage and protection stops; audit, discipline, court: our own choice",
        certainty="verified",
    ),
)
