package dev.tautline.stun;

/** The methods, RFC 8489 section 18.1 and RFC 8656 section 17: 12-bit numbers. */
public final class StunMethod {
  /** Binding. */
  public static final int BINDING = 0x001;

  /** TURN Allocate. */
  public static final int ALLOCATE = 0x003;

  /** TURN Refresh. */
  public static final int REFRESH = 0x004;

  /** TURN Send, an indication. */
  public static final int SEND = 0x006;

  /** TURN Data, an indication. */
  public static final int DATA = 0x007;

  /** TURN CreatePermission. */
  public static final int CREATE_PERMISSION = 0x008;

  /** TURN ChannelBind. */
  public static final int CHANNEL_BIND = 0x009;

  private StunMethod() {}
}
