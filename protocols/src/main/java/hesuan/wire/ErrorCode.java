package hesuan.wire;

/**
 * Every way in which Hesuan says no, with a code that never changes its meaning. A sentence is made
 * of the code's title, what was expected, what was found, and the remedy; {@code docs/errors.md} is
 * generated from this table.
 */
public enum ErrorCode {
  UNKNOWN_FIELD(
      "HS1001",
      "unknown field",
      "未知字段",
      "remove the field, or correct its spelling after `hesuan schema job`",
      "请删除该字段，或按 `hesuan schema job` 更正拼写"),
  WRONG_TYPE(
      "HS1002",
      "wrong type of value",
      "值的类型不对",
      "write the value in the expected type",
      "请按期望的类型填写"),
  MISSING_FIELD("HS1003", "missing field", "缺少字段", "add the field", "请补上该字段"),
  INVALID_VALUE(
      "HS1004", "value not allowed", "值不被允许", "use one of the expected values", "请使用期望的取值"),
  MALFORMED_DOCUMENT(
      "HS1005",
      "document cannot be read",
      "文档无法读取",
      "correct the document at that place",
      "请在该处更正文档"),
  TOO_LARGE("HS1006", "over the size limit", "超过大小上限", "make it smaller", "请减小其大小"),
  UNSUPPORTED_SQL(
      "HS1007",
      "SQL outside the dialect",
      "SQL 超出所支持的方言",
      "rewrite the expression as docs/sql.md shows",
      "请按 docs/sql.md 改写该表达式"),
  UNBOUNDED_VALUE(
      "HS1011",
      "a value without bounds",
      "数值缺少上下界",
      "write CLAMP(value, low, high) around it",
      "请写成 CLAMP(值, 下界, 上界)"),
  GROUPS_NOT_PUBLIC(
      "HS1012",
      "groups that are not public",
      "分组并非公开",
      "name the groups: WHERE key IN (...), or join a table of VALUES",
      "请给出分组：WHERE 键 IN (...)，或连接一个 VALUES 表"),
  SUM_TOO_LARGE(
      "HS1013",
      "a sum that could leave 64 bits",
      "求和可能超出 64 位",
      "narrow the bounds of CLAMP, or write fewer decimals",
      "请收窄 CLAMP 的上下界，或减少小数位"),

  UNKNOWN_PARTY(
      "HS2001",
      "unknown party",
      "未知参与方",
      "enrol the party, or correct its name",
      "请先入网该参与方，或更正其名称"),
  UNKNOWN_PRODUCT(
      "HS2002",
      "unknown data product or version",
      "未知数据产品或版本",
      "see `hesuan product list` and pin a published version",
      "请查看 `hesuan product list` 并固定一个已发布版本"),
  UNKNOWN_CONTRACT(
      "HS2003",
      "unknown contract",
      "未知合约",
      "see `hesuan contract list`",
      "请查看 `hesuan contract list`"),
  UNKNOWN_COLUMN(
      "HS2004", "column is not there", "列不存在", "use one of the product's columns", "请使用该产品已有的列"),
  UNKNOWN_JOB("HS2005", "unknown job", "未知作业", "see `hesuan job list`", "请查看 `hesuan job list`"),
  CONFLICT(
      "HS2006",
      "the same name stands for something else",
      "同名但内容不同",
      "choose another name or token",
      "请更换名称或令牌"),
  UNKNOWN_TOKEN(
      "HS2007", "unknown token", "未知令牌", "see `hesuan token list`", "请查看 `hesuan token list`"),
  UNKNOWN_PATH(
      "HS2008", "no such path of the API", "接口路径不存在", "see docs/api.md", "请查看 docs/api.md"),
  UNKNOWN_MODEL(
      "HS2009", "unknown model", "未知模型", "see `hesuan model list`", "请查看 `hesuan model list`"),

  SOURCE_UNREADABLE(
      "HS3001", "source cannot be read", "数据源无法读取", "check path, rights and format", "请检查路径、权限与格式"),
  SOURCE_ENCODING(
      "HS3002", "source is not UTF-8", "数据源不是 UTF-8", "convert the file to UTF-8", "请把文件转换为 UTF-8"),
  SOURCE_CHANGED(
      "HS3003",
      "source differs from the published version",
      "数据源与已发布版本不同",
      "publish a new version and pin it in the job",
      "请发布新版本并在作业中固定它"),
  SOURCE_EMPTY("HS3004", "source has no usable row", "数据源没有可用的行", "check the id column", "请检查标识列"),
  EXPRESSION_REFUSED(
      "HS3005",
      "expression outside the allow-list",
      "表达式不在许可清单内",
      "use only the listed functions and operators",
      "请只使用清单内的函数与运算符"),
  LIMIT_EXCEEDED(
      "HS3006",
      "time or memory limit reached",
      "达到时间或内存上限",
      "ask for less, or raise the limit",
      "请减少工作量或提高上限"),
  SOURCE_OFFLINE(
      "HS3007",
      "the source's server cannot be reached",
      "无法连接数据源的服务器",
      "check its host, port and sslmode, and that it is up",
      "请检查其主机、端口与 sslmode，并确认它在运行"),
  SOURCE_REFUSED(
      "HS3008",
      "the source's server refuses",
      "数据源的服务器拒绝",
      "check user, password, database and the user's right to select",
      "请检查用户、密码、数据库与该用户的 SELECT 权限"),

  POLICY_DENIED(
      "HS4001",
      "denied by the party's policy",
      "被参与方策略拒绝",
      "see the rule and the smallest change",
      "请查看规则与最小改动"),
  DISCLOSURE_DENIED(
      "HS4002",
      "more would be disclosed than the owner allows",
      "披露超出所有者许可",
      "make the smallest change named",
      "请按所列最小改动调整"),
  CONTRACT_VIOLATED(
      "HS4003",
      "outside the contract",
      "超出合约范围",
      "keep to the contract or sign a new one",
      "请遵守合约或另签新约"),
  BUDGET_EXHAUSTED(
      "HS4004",
      "privacy budget does not suffice",
      "隐私预算不足",
      "ask for a smaller epsilon, or wait where a rate says so",
      "请减小 epsilon；若受速率限制请稍后再试"),
  WITHDRAWN(
      "HS4005",
      "withdrawn by its owner",
      "已被所有者撤回",
      "use another version or contract",
      "请改用其他版本或合约"),
  GROUP_TOO_SMALL(
      "HS4006",
      "fewer contributors than required",
      "参与者少于下限",
      "add parties or lower the demand",
      "请增加参与方或降低要求"),
  BUDGET_ROLLED_BACK(
      "HS4007",
      "privacy ledger is older than what others have seen of it",
      "隐私账本比他方所见的更旧",
      "put the newest copy back, or say what counts as spent: `hesuan budget resolve`",
      "请恢复最新副本，或用 `hesuan budget resolve` 声明已消耗量"),
  BUDGET_DAMAGED(
      "HS4008",
      "privacy ledger does not hold together",
      "隐私账本不完整",
      "put the newest whole copy of state.db back",
      "请恢复最新且完整的 state.db 副本"),
  QUERIES_EXHAUSTED(
      "HS4009",
      "no queries left for this counterparty",
      "该对手方的查询额度已用尽",
      "ask for fewer items, or have the owner allow more: `hesuan budget queries`",
      "请减少查询条数，或请所有者用 `hesuan budget queries` 提高限额"),

  NOT_AUTHENTICATED(
      "HS5001",
      "caller is not authenticated",
      "调用者未认证",
      "sign in or present a certificate",
      "请登录或出示证书"),
  NOT_AUTHORISED(
      "HS5002",
      "caller lacks the role",
      "调用者缺少角色",
      "ask an administrator for the role",
      "请向管理员申请角色"),
  TOKEN_REFUSED(
      "HS5003",
      "join token refused",
      "入网令牌被拒绝",
      "ask the coordinator for a new token",
      "请向协调方申请新令牌"),
  CERTIFICATE_REFUSED(
      "HS5004", "certificate refused", "证书被拒绝", "enrol again with a new token", "请用新令牌重新入网"),
  SIGNATURE_REFUSED(
      "HS5005",
      "signature does not verify",
      "签名验证不通过",
      "sign again with the party's registered keys",
      "请用登记的密钥重新签名"),

  PEER_UNREACHABLE(
      "HS6001",
      "peer cannot be reached",
      "无法连接对方",
      "check that its agent runs: `hesuan doctor`",
      "请检查对方代理是否运行：`hesuan doctor`"),
  PEER_SILENT(
      "HS6002",
      "peer went silent",
      "对方失去响应",
      "check its agent and network: `hesuan doctor`",
      "请检查对方代理与网络：`hesuan doctor`"),
  PEER_VERSION(
      "HS6003", "peer speaks another version", "对方版本不同", "upgrade the older side", "请升级较旧的一方"),
  PROTOCOL_VIOLATION(
      "HS6004",
      "peer broke the protocol",
      "对方违反协议",
      "report it with both logs; nothing was released",
      "请附双方日志上报；没有任何数据被释放"),
  PEER_FAILED(
      "HS6005",
      "another party reported a problem",
      "另一方报告了问题",
      "see that party's problem",
      "请查看该方的问题"),

  DEADLINE_PASSED(
      "HS7001", "deadline passed", "已过截止时间", "submit again with a longer deadline", "请以更长的期限重新提交"),
  CANCELLED("HS7002", "cancelled", "已取消", "submit again if it was not meant", "如非本意请重新提交"),
  RESTARTED(
      "HS7003",
      "interrupted by a restart",
      "因重启而中断",
      "it is tried again while attempts are left",
      "仍有重试次数时会自动重试"),
  RECEIPT_REFUSED(
      "HS8001",
      "receipt does not verify",
      "凭证验证不通过",
      "ask its issuer for the original",
      "请向签发方索取原件"),
  ENVIRONMENT(
      "HS9001",
      "this machine lacks something",
      "本机缺少所需条件",
      "see `hesuan doctor`",
      "请运行 `hesuan doctor`"),
  INTERNAL("HS9999", "defect in Hesuan", "合算自身的缺陷", "report it with the log", "请附日志上报");

  private final String code;
  private final String titleEn;
  private final String titleZh;
  private final String remedyEn;
  private final String remedyZh;

  ErrorCode(String code, String titleEn, String titleZh, String remedyEn, String remedyZh) {
    this.code = code;
    this.titleEn = titleEn;
    this.titleZh = titleZh;
    this.remedyEn = remedyEn;
    this.remedyZh = remedyZh;
  }

  public String code() {
    return code;
  }

  public String title(boolean chinese) {
    return chinese ? titleZh : titleEn;
  }

  public String remedy(boolean chinese) {
    return chinese ? remedyZh : remedyEn;
  }

  /** The code of that text, for readers of documents; unknown text is a malformed document. */
  public static ErrorCode of(String code) {
    for (ErrorCode each : values()) {
      if (each.code.equals(code)) {
        return each;
      }
    }
    throw new Problem(MALFORMED_DOCUMENT, "code", "a published error code", code).asException();
  }
}
