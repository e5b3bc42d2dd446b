package hesuan.vole;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import hesuan.channel.MemoryChannel;
import hesuan.wire.Digest;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GroupSeedsTest {
  private static final long DELTA_0 = 0x0123456789abcdefL;
  private static final long DELTA_1 = 0xf00dL;

  private final byte[] keys = new byte[128 * 32];
  private final byte[] chosen = new byte[128 * 16];
  private final byte[] message = new byte[GroupSeeds.MESSAGE_BYTES];
  private final GroupSeeds groups = new GroupSeeds(Digest.of("seeds"));
  private final Peer peer = new Peer(MemoryChannel.pair(new PartyId("one"), new PartyId("two"))[0]);

  private byte[] make() {
    new Random(1).nextBytes(keys);
    byte[] choices = GroupSeeds.choices(DELTA_0, DELTA_1);
    for (int i = 0; i < 128; i++) {
      System.arraycopy(keys, (2 * i + choices[i]) * 16, chosen, 16 * i, 16);
    }
    return groups.make(keys, Run.seeded(1), message);
  }

  @Test
  void take_givesAllSeedsButDeltas() {
    byte[] all = make();
    byte[] taken = groups.take(chosen, DELTA_0, DELTA_1, message, peer);
    for (int group = 0; group < GroupSeeds.GROUPS; group++) {
      int number = GroupSeeds.number(DELTA_0, DELTA_1, group);
      for (int x = 0; x < GroupSeeds.SIZE; x++) {
        int at = (group * GroupSeeds.SIZE + x) * 16;
        boolean same = Arrays.equals(all, at, at + 16, taken, at, at + 16);
        assertEquals(x != number, same, group + " " + x);
      }
    }
  }

  /** Sums off Delta's path, and both checks. */
  @Test
  void take_changedMessage_isRefused() {
    make();
    byte[] choices = GroupSeeds.choices(DELTA_0, DELTA_1);
    int group = 7;
    int start = group * GroupSeeds.MESSAGE_BYTES / GroupSeeds.GROUPS;
    int[] places = new int[6];
    for (int level = 0; level < 4; level++) {
      places[level] = start + (2 * level + choices[4 * group + level]) * 16 + level;
    }
    places[4] = start + 130;
    places[5] = start + 170;
    for (int place : places) {
      message[place] ^= 16;
      assertThrows(
          ProblemException.class,
          () -> groups.take(chosen, DELTA_0, DELTA_1, message, peer),
          "byte " + place);
      message[place] ^= 16;
    }
  }
}
