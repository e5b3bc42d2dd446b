package hesuan.transport;

import hesuan.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * The kinds of frame, with the number that stands for each on the wire and the bounds that its body
 * must keep before a byte of it is stored. HELLO and RESET never change their layout, so that any
 * two versions can tell each other why they don't match.
 */
enum FrameType {
  /** The first frame; see {@link Hello}. */
  HELLO(1, 2, 16 << 10),
  /** The sender's next channel, and the step it belongs to. */
  OPEN(2, 1, 128),
  /** One message: a tag byte and the body. */
  DATA(3, 1, Channel.MESSAGE_BYTES_MAX + 1),
  /** So many more bytes may be sent on that channel of the receiver. */
  CREDIT(4, 4, 4),
  /** Nothing more comes on this channel. */
  END(5, 0, 0),
  /** The sender is alive; sent every second. */
  PING(6, 0, 0),
  /** The sender is done with the link. */
  BYE(7, 0, 0),
  /** The sender's job failed: a problem. */
  FAIL(8, 2, 8 << 10),
  /** The receiver broke the protocol, or is not who it should be: a problem. */
  RESET(9, 2, 8 << 10);

  /** Type, channel, sequence number, length of the body. */
  static final int HEADER_BYTES = 1 + 4 + 4 + 4;

  private static final FrameType[] BY_NUMBER = new FrameType[10];

  static {
    for (FrameType each : values()) {
      BY_NUMBER[each.number] = each;
    }
  }

  final byte number;
  final int bytesMin;
  final int bytesMax;

  FrameType(int number, int bytesMin, int bytesMax) {
    this.number = (byte) number;
    this.bytesMin = bytesMin;
    this.bytesMax = bytesMax;
  }

  static @Nullable FrameType of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
  }
}
