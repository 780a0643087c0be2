"""Why an uploaded document is refused, and why a stored one is not given back."""

from __future__ import annotations

from ledger.core.errors import LedgerError, RuleViolated


class EvidenceKindUnknown(RuleViolated):
    """Documents may be pdf, png, jpg, webp, docx, xlsx, ods, csv, txt or zip files.

    附件只接受 pdf、png、jpg、webp、docx、xlsx、ods、csv、txt 和 zip 文件。
    """


class EvidenceKindMismatch(RuleViolated):
    """The content of the document is not, or not only, what the end of its name says.

    文件内容与其扩展名不符，或夹带了其他内容。
    """


class EvidenceArchiveUnsafe(RuleViolated):
    """This archive breaks a rule for archives: the facts name it.

    该压缩文件违反压缩文件规则，详见 facts。
    """


class EvidenceImageTooLarge(RuleViolated):
    """The picture has too many pixels.

    图片的像素过多。
    """


class EvidenceEmpty(RuleViolated):
    """The document is empty.

    文件是空的。
    """


class EvidenceQuotaSpent(LedgerError):
    """You have uploaded as much as one person may within a day.

    您在一天内上传的文件总量已达上限。
    """


class EvidenceGone(LedgerError):
    """The log names this document, but it is not kept here, or not any more.

    账本提到该文件，但此处没有或不再保存。
    """


class EvidenceDamaged(LedgerError):
    """The stored file is no longer what its digest says: it was damaged or changed.

    所存文件与其摘要不符：已损坏或被改动。
    """


class EvidenceNotKept(LedgerError):
    """This service stores no documents.

    本服务不保存文件。
    """
