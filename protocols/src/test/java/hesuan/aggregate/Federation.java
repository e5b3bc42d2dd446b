package hesuan.aggregate;

import hesuan.channel.Channel;
import hesuan.channel.MemoryChannel;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Parties in one process, each on a virtual thread, with real keys and a wire to meddle with. */
public final class Federation {
  /** What happens to a body on the wire; null cuts the line. */
  public interface Wire {
    byte @Nullable [] pass(PartyId from, PartyId to, byte[] body);
  }

  /** What a party ended with: an outcome or a problem, or nothing when it was cut off. */
  public record End(@Nullable Object outcome, @Nullable ErrorCode problem) {}

  /** What one party does; the leader has a channel to each, a member only one. */
  public interface Role {
    Object run(PartyId self, Map<PartyId, Channel> channels) throws Exception;
  }

  public final List<PartyId> roster = new ArrayList<>();
  public final PartyId leader;
  private final Map<PartyId, KeyPair> keys = new HashMap<>();

  public Federation(int parties) {
    for (int i = 0; i < parties; i++) {
      roster.add(
          new PartyId(parties > 26 ? "party-%04d".formatted(i) : "party-" + (char) ('a' + i)));
    }
    leader = roster.get(parties / 2);
    if (parties > 26) {
      return; // so many would spend a test's time on signatures: theirs are quick ones
    }
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("Ed25519");
      for (PartyId party : roster) {
        keys.put(party, generator.generateKeyPair());
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What stands for a signature where the parties are many: only the tests know how it is made. */
  private static byte[] quickSignature(PartyId party, byte[] message) {
    return Digest.of("signed by " + party + " " + Digest.of(message)).bytes();
  }

  public PartySigner signer(PartyId party) {
    if (keys.isEmpty()) {
      return message -> quickSignature(party, message);
    }
    return message -> {
      try {
        Signature signature = Signature.getInstance("Ed25519");
        signature.initSign(keys.get(party).getPrivate());
        signature.update(message);
        return signature.sign();
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    };
  }

  public PartyVerifier verifier() {
    if (keys.isEmpty()) {
      return (party, message, bytes) -> Arrays.equals(bytes, quickSignature(party, message));
    }
    return (party, message, bytes) -> {
      try {
        Signature signature = Signature.getInstance("Ed25519");
        signature.initVerify(keys.get(party).getPublic());
        signature.update(message);
        return signature.verify(bytes);
      } catch (GeneralSecurityException e) {
        return false;
      }
    };
  }

  public static SecureRandom random(long seed) {
    try {
      SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
      random.setSeed(seed);
      return random;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public static long[] addend(PartyId party, int length) {
    Random random = new Random(party.value().hashCode());
    return random.longs(length).toArray();
  }

  public static long[] plain(Iterable<PartyId> parties, int length) {
    long[] sum = new long[length];
    for (PartyId party : parties) {
      long[] addend = addend(party, length);
      for (int i = 0; i < length; i++) {
        sum[i] += addend[i];
      }
    }
    return sum;
  }

  SecureSumSettings settings(int length, int minCohort, boolean tolerateLoss, boolean noised) {
    return new SecureSumSettings(
        Digest.of("job/step/1"), roster, leader, length, minCohort, tolerateLoss, noised);
  }

  Map<PartyId, End> sum(SecureSumSettings settings, Wire wire) {
    return run(
        wire,
        (self, channels) ->
            self.equals(leader)
                ? new SecureSumLeader(settings, channels, verifier())
                    .run(addend(self, settings.length()))
                : member(self, settings, channels).run(addend(self, settings.length())));
  }

  SecureSumMember member(PartyId self, SecureSumSettings settings, Map<PartyId, Channel> channels) {
    return new SecureSumMember(
        settings,
        channels.get(leader),
        signer(self),
        verifier(),
        random(self.value().hashCode() + 31L * settings.session().hashCode()));
  }

  public Map<PartyId, End> run(Wire wire, Role role) {
    return run(wire, role, false);
  }

  /** With a channel between any two. */
  public Map<PartyId, End> runAll(Wire wire, Role role) {
    return run(wire, role, true);
  }

  private Map<PartyId, End> run(Wire wire, Role role, boolean all) {
    Map<PartyId, Map<PartyId, Channel>> channels = new TreeMap<>();
    roster.forEach(party -> channels.put(party, new TreeMap<>()));
    for (PartyId a : roster) {
      for (PartyId b : roster) {
        if (a.compareTo(b) < 0 && (all || a.equals(leader) || b.equals(leader))) {
          MemoryChannel[] pair = MemoryChannel.pair(a, b);
          channels.get(a).put(b, new Meddled(pair[0], wire));
          channels.get(b).put(a, new Meddled(pair[1], wire));
        }
      }
    }
    Map<PartyId, End> ends = new TreeMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Map<PartyId, Future<End>> running = new TreeMap<>();
      for (PartyId party : roster) {
        running.put(party, threads.submit(() -> end(party, channels.get(party), role)));
      }
      for (PartyId party : roster) {
        ends.put(party, running.get(party).get());
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
    return ends;
  }

  private static End end(PartyId party, Map<PartyId, Channel> channels, Role role)
      throws Exception {
    try {
      return new End(role.run(party, channels), null);
    } catch (ProblemException e) {
      return new End(null, e.problem().code());
    } catch (Cut e) {
      return new End(null, null);
    } finally {
      channels.values().forEach(channel -> ((Meddled) channel).close());
    }
  }

  private static final class Cut extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** A channel whose wire somebody has a hand on. */
  private record Meddled(MemoryChannel inner, Wire wire) implements Channel {
    @Override
    public PartyId self() {
      return inner.self();
    }

    @Override
    public PartyId peer() {
      return inner.peer();
    }

    @Override
    public void send(byte tag, byte[] body) {
      byte[] passed = wire.pass(self(), peer(), body.clone());
      if (passed == null) {
        close();
        throw new Cut();
      }
      inner.send(tag, passed);
    }

    @Override
    public byte[] receive(byte tag, int bytesMax) {
      return inner.receive(tag, bytesMax);
    }

    void close() {
      inner.close();
    }
  }
}
