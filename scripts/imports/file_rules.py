"""What the import refuses of a file as a whole, in one sentence each."""

from __future__ import annotations

from ledger.core.errors import InvalidValue


class FileUnreadable(InvalidValue):
    """The file cannot be read.

    无法读取该文件。
    """


class FileTooLarge(InvalidValue):
    """The file is larger than an import accepts; split it into several.

    文件超过导入允许的大小，请拆分为几个文件。
    """


class FileFormatUnknown(InvalidValue):
    """The file is neither a CSV table nor an XLSX workbook.

    文件既不是 CSV 表格，也不是 XLSX 工作簿。
    """


class FileNameUnfit(InvalidValue):
    """The file's name goes into the log: rename it without personal numbers or odd characters.

    文件名将写入账本，请改名后再导入：不得含有手机号、证件号等个人号码，也不得含有特殊字符。
    """


class EncodingBroken(InvalidValue):
    """The text breaks the rules of its encoding in this line: a byte was lost or changed.

    此行不符合文件的编码，可能丢失或改动了字节。
    """


class EncodingUnclear(InvalidValue):
    """The text is not UTF-8, and hardly GB18030: say with --encoding what it is.

    文字编码不是 UTF-8，也不像 GB18030，请用 --encoding 指明。
    """


class CsvBroken(InvalidValue):
    """The CSV is broken here: a quotation mark is not closed, or a cell is far too long.

    CSV 内容有误：引号没有成对，或单元格过长。
    """


class WorkbookUnsafe(InvalidValue):
    """The workbook unpacks to more than an import accepts, or holds what no table needs.

    工作簿解压后超过允许的大小，或含有表格不需要的内容。
    """


class WorkbookBroken(InvalidValue):
    """The workbook is damaged and cannot be opened.

    工作簿已损坏，无法打开。
    """


class SheetHidden(InvalidValue):
    """The sheet is hidden: show it, or ask for it with --include-hidden.

    该工作表已隐藏，请取消隐藏，或用 --include-hidden 明确导入。
    """


class HiddenCells(InvalidValue):
    """Rows or columns with content are hidden: show them, or ask for them with --include-hidden.

    有内容的行或列已隐藏，请取消隐藏，或用 --include-hidden 明确导入。
    """


class SheetUnknown(InvalidValue):
    """The workbook has no sheet of this name.

    工作簿中没有这一名称的工作表。
    """


class RowsTooMany(InvalidValue):
    """The table has more rows than one import accepts; split it into several files.

    表格行数超过一次导入的上限，请拆分为几个文件。
    """


class ColumnsTooMany(InvalidValue):
    """The table has more columns than an import accepts.

    表格列数超过导入的上限。
    """


class TableEmpty(InvalidValue):
    """The table has no rows below its headers.

    表头以下没有数据行。
    """


class ProfileUnreadable(InvalidValue):
    """The profile must be a JSON object as --save-profile writes it, and for this kind of import.

    配置文件应为 --save-profile 生成的 JSON 对象，且用于同一类导入。
    """


class OverwritesInput(InvalidValue):
    """This file is read by the import; nothing is written over it.

    该文件是本次导入的输入，不得覆盖。
    """
