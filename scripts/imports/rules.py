"""What the import refuses in a column, a cell or a row, in one sentence each."""

from __future__ import annotations

from ledger.core.errors import InvalidValue, RuleViolated

# Columns ----------------------------------------------------------------------------------


class HeadingUnknown(InvalidValue):
    """No field has this heading: map it to a field, or leave the column out by name.

    没有字段使用这一表头：请用 --map 指定字段，或用 --ignore 略过该列。
    """


class ColumnMissing(InvalidValue):
    """The table needs a column for this field.

    表格缺少该字段对应的列。
    """


class ColumnDoubled(InvalidValue):
    """Two columns stand for the same field.

    有两列对应同一个字段。
    """


class FieldUnknown(InvalidValue):
    """The mapping names a field that this kind of import does not have.

    映射中的字段在此类导入中不存在。
    """


class HeadingMissing(InvalidValue):
    """The mapping names a heading that the table does not have.

    映射中的表头在表格里不存在。
    """


class ConstantDoubled(InvalidValue):
    """The table has a column for this field already; a constant would say it twice.

    表格中已有该字段对应的列，不能再用 --set 指定。
    """


class UnitContradicts(InvalidValue):
    """Two units are told for these amounts.

    金额的单位前后不一致。
    """


class AmountUnitUnknown(InvalidValue):
    """Amounts are told in a unit that is not known here: yuan or a multiple of it is.

    金额单位无法识别，应为元、千元、万元、百万元或亿元。
    """


class MappingUnreadable(InvalidValue):
    """The mapping must be a JSON object of fields and headings.

    映射文件应为 JSON 对象：字段名与表头一一对应。
    """


# Cells ------------------------------------------------------------------------------------


class CellRequired(InvalidValue):
    """This cell must be filled in.

    此单元格必填。
    """


class CellBesideTable(InvalidValue):
    """There is a value beyond the last heading.

    最后一个表头之外还有内容。
    """


class FormulaRefused(InvalidValue):
    """A formula is no record: replace it with its value.

    不接受公式，请改为数值后再导入。
    """


class CellInError(InvalidValue):
    """The cell holds an error of the spreadsheet instead of a value.

    单元格显示的是表格软件的错误，没有值。
    """


class CharacterRefused(InvalidValue):
    """The text holds a control character or half a character.

    文字中含有控制字符或不完整的字符。
    """


class NumberBeyondPrecision(InvalidValue):
    """A long number has lost its last digits: keep it as text in the spreadsheet.

    过长的数字在表格中已丢失末尾几位，请将该列设为文本后重新填写。
    """


class AmountMalformed(InvalidValue):
    """This must be an amount in yuan, such as 5,000.00 or ¥5000.

    应为以元计的金额，如 5,000.00 或 ¥5000。
    """


class AmountTooFine(InvalidValue):
    """An amount has at most two decimals.

    金额最多保留两位小数。
    """


class DayMalformed(InvalidValue):
    """This must be a day, with its time if that is known, such as 2026-03-02 or 2026/3/2 9:30.

    应为日期，可带时间，如 2026-03-02、2026/3/2 或 2026年3月2日 9:30。
    """


class ChoiceUnknown(InvalidValue):
    """This word is not known here.

    此处没有这个选项。
    """


class TruthMalformed(InvalidValue):
    """This must be yes or no.

    应填“是”或“否”。
    """


class WholeNumberMalformed(InvalidValue):
    """This must be a whole number.

    应为整数。
    """


class HoursMalformed(InvalidValue):
    """This must be a number of hours that makes whole minutes, such as 1.5.

    应为小时数，且折合为整分钟，如 1.5。
    """


class RateMalformed(InvalidValue):
    """This must be a rate in percent, with two decimals at most, such as 5%.

    应为百分比，最多两位小数，如 5%。
    """


class PersonMalformed(InvalidValue):
    """A person is given by staff number or pseudonym (letters and digits), never by name.

    人员只填工号或代号（字母和数字），不得填写姓名。
    """


class IdMalformed(InvalidValue):
    """This must be the record's UUID.

    应为该记录的 UUID。
    """


class OrganisationCodeMalformed(InvalidValue):
    """This must be an organisation's code: give names their codes with --value or a profile.

    应为组织代码；若填的是名称，请用 --value 或配置文件指明各名称的代码。
    """


class DirectionUnknown(InvalidValue):
    """This must say whether money came in (in, credit) or went out (out, debit).

    应填“收入”或“支出”（“贷”或“借”）。
    """


class DirectionsBoth(InvalidValue):
    """A row cannot say that money came in and that it went out.

    同一行不得既填收入又填支出。
    """


class PersonalDataMasked(InvalidValue):
    """A number or an address of a person was replaced by asterisks before it was recorded.

    单元格中的电话、证件号、银行卡号、邮箱等已用星号替换后入账。
    """


class PersonalDataInCell(InvalidValue):
    """A number or an address of a person must not enter the ledger: it stays for ever.

    账本内容永久保存，单元格中不得含有电话、证件号、银行卡号、邮箱等个人号码。
    """


# Rows -------------------------------------------------------------------------------------


class CellsBelongTogether(InvalidValue):
    """These columns are filled in together, or all left empty.

    这些列须同时填写，或者都不填。
    """


class OneOfCellsNeeded(InvalidValue):
    """Exactly one of these columns must be filled in.

    这些列中必须且只能填写一项。
    """


class CellNotForLine(InvalidValue):
    """This column is for another kind of line; leave it empty here.

    本列不适用于这类业务，请留空。
    """


class DaysOutOfOrder(InvalidValue):
    """A step lies before the step that comes before it.

    后一步的时间早于前一步。
    """


class DayInFuture(InvalidValue):
    """History cannot lie in the future.

    历史记录的时间不能在将来。
    """


class RowAltered(InvalidValue):
    """This row was imported before and this step said otherwise: correct the record itself.

    本行此前已导入，而这一步骤的内容与当时不同；请直接更正该记录。
    """


class RowRepeated(InvalidValue):
    """Another row of this file is about the same record.

    本文件中另有一行是同一条记录。
    """


class OrganisationUnknown(RuleViolated):
    """The ledger has no organisation with this code.

    账本中没有使用该代码的组织。
    """


class OrganisationUnfit(RuleViolated):
    """The organisation with this code is of another kind than this column needs.

    使用该代码的组织不是本列所需的类别。
    """


class AccountNotOpen(RuleViolated):
    """The estate has no public account yet; open it first.

    该小区尚未开设公共账户，请先开户。
    """


class RecordUnknown(RuleViolated):
    """The ledger has no such record.

    账本中没有这条记录。
    """


class DepositNotAssessed(RuleViolated):
    """Neither the ledger nor this file has an assessment of this deposit.

    账本和本文件中都没有该保证金的核定记录。
    """


class ImportStopped(RuleViolated):
    """The database did not answer; run the same command again, it goes on where it stopped.

    数据库没有应答，导入中断；请再次执行同一命令，将从中断处继续。
    """
