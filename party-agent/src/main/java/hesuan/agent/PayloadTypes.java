package hesuan.agent;

/** What an envelope's bytes are; a signature under one type never counts under another. */
public final class PayloadTypes {
  public static final String PRODUCT = "application/vnd.hesuan.product+json";
  public static final String CONTRACT = "application/vnd.hesuan.contract+json";

  private PayloadTypes() {}
}
