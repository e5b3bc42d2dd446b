package hesuan.cli.bench;

import hesuan.agent.step.Signatures;
import hesuan.aggregate.PartyVerifier;
import hesuan.aggregate.SecureSumLeader;
import hesuan.aggregate.SecureSumMember;
import hesuan.aggregate.SecureSumSettings;
import hesuan.aggregate.SumOutcome;
import hesuan.channel.Channel;
import hesuan.evidence.PartyKeys;
import hesuan.group.Workers;
import hesuan.wire.Digest;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A sum of many parties, one of which computes at a time; the last ones are lost on the way. Above
 * a hundred parties only the last survivors, whose time is told, check every signature themselves:
 * the others take what was found already.
 */
final class AggregateSimulation {
  /** A member says its keys, then its shares, then its masked vector. */
  private static final int SENDS_BEFORE_LOSS = 2;

  private static final int ALL_TIMED_MAX = 100;
  private static final int TIMED = 20;

  /** What one party did in one run. */
  private record Spent(long nanos, long cpuNanos, long bytesSent, long bytesReceived) {}

  private final AggregateBench bench;
  private final List<PartyId> parties;
  private final PartyId leader;
  private final List<PartyId> lost;
  private final Map<PartyId, Signatures> signatures = new HashMap<>();
  private final Map<Digest, Boolean> checked = new ConcurrentHashMap<>();
  private final Workers workers;

  private AggregateSimulation(AggregateBench bench, Workers workers) {
    this.bench = bench;
    this.parties = bench.parties();
    this.leader = bench.leader();
    this.lost = parties.subList(parties.size() - bench.dropped, parties.size());
    this.workers = workers;
    Map<PartyId, PartyKeys> pinned = new HashMap<>();
    parties.forEach(party -> pinned.put(party, bench.publicKeys(party)));
    parties.forEach(
        party ->
            signatures.put(party, new Signatures(bench.signatures(party).keys(), pinned::get)));
  }

  static Figures measure(AggregateBench bench) throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(bench.threads)) {
      Workers workers = bench.threads == 1 ? Workers.ONE : Workers.of(bench.threads, pool);
      return new AggregateSimulation(bench, workers).measure();
    }
  }

  private Figures measure() throws Exception {
    List<Map<PartyId, Spent>> runsOfAll = new ArrayList<>();
    int runs = parties.size() <= ALL_TIMED_MAX ? bench.runs : 0; // so many warm each other
    for (int run = 0; run <= runs; run++) {
      runsOfAll.add(once(Digest.of("aggregate " + bench.seed + " " + run)));
    }
    List<Map<PartyId, Spent>> warm = runsOfAll.subList(Math.min(1, runs), runsOfAll.size());
    int survivorsEnd = parties.size() - lost.size();
    List<PartyId> survivors =
        parties.size() <= ALL_TIMED_MAX
            ? parties.subList(1, survivorsEnd)
            : parties.subList(survivorsEnd - TIMED, survivorsEnd);
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("how", how(survivors.size()));
    more.put("serverSeconds", seconds(warm, List.of(leader), false));
    more.put("clientSeconds", seconds(warm, survivors, false));
    more.put("clientSecondsMax", secondsMax(warm, survivors));
    if (bench.threads == 1) {
      more.put("serverCpuSeconds", seconds(warm, List.of(leader), true));
      more.put("clientCpuSeconds", seconds(warm, survivors, true));
    }
    more.put("coldClientSeconds", seconds(runsOfAll.subList(0, 1), survivors, false));
    Map<PartyId, Spent> last = runsOfAll.getLast();
    more.put("serverBytesSent", bytes(last, List.of(leader)));
    more.put("clientBytesSent", bytes(last, survivors.subList(0, 1)));
    more.put("clientBytesReceived", last.get(survivors.getFirst()).bytesReceived);
    addMasks(more);
    Map<String, Object> parameters = new LinkedHashMap<>(bench.parameters());
    parameters.put("threads", bench.threads);
    parameters.put("runs", runs);
    return new Figures(
        "aggregate simulated",
        parameters,
        bench.bound(),
        seconds(warm, List.of(leader), false),
        seconds(runsOfAll.subList(0, 1), List.of(leader), false),
        bytes(last, parties),
        Memory.peakBytes(),
        more);
  }

  private static String how(int timed) {
    String how = "all parties in one process, one computing at a time, channels in memory";
    return timed != TIMED
        ? how
        : how
            + "; clients are the last "
            + timed
            + " survivors, who do all that a client does; of the others' signatures each is checked"
            + " once for all of them";
  }

  /** What AES alone would take for as many masks, here and now, beside what the parties took. */
  private void addMasks(Map<String, Object> more) {
    SecureSumSettings settings = bench.settings(Digest.of("masks"));
    double bytesPerSecond = MaskSpeed.bytesPerSecond();
    int survivors = parties.size() - 1 - lost.size();
    double neighbours = settings.neighboursMean();
    double pairs = lost.size() * neighbours * survivors / Math.max(1, parties.size() - 2);
    double maskSeconds = (double) settings.length() * Long.BYTES / bytesPerSecond;
    more.put("aesBytesPerSecond", Math.round(bytesPerSecond));
    more.put("serverMasks", Math.round(survivors + pairs));
    more.put("clientMasks", Math.round(1 + neighbours));
    more.put("serverAesSeconds", (survivors + pairs) * maskSeconds / bench.threads);
    more.put("clientAesSeconds", (1 + neighbours) * maskSeconds / bench.threads);
  }

  private static double secondsMax(List<Map<PartyId, Spent>> runs, List<PartyId> parties) {
    return runs.stream()
            .flatMap(run -> parties.stream().map(run::get))
            .mapToLong(spent -> spent.nanos)
            .max()
            .orElseThrow()
        / 1e9;
  }

  private static double seconds(
      List<Map<PartyId, Spent>> runs, List<PartyId> parties, boolean cpu) {
    long[] nanos =
        runs.stream()
            .flatMap(run -> parties.stream().map(run::get))
            .mapToLong(spent -> cpu ? spent.cpuNanos : spent.nanos)
            .sorted()
            .toArray();
    return nanos[nanos.length / 2] / 1e9;
  }

  private static long bytes(Map<PartyId, Spent> run, List<PartyId> parties) {
    return parties.stream().mapToLong(party -> run.get(party).bytesSent).sum();
  }

  private Map<PartyId, Spent> once(Digest session) throws Exception {
    SecureSumSettings settings = bench.settings(session);
    Turns turns = new Turns();
    Map<PartyId, Turns.Turn> turnOf = new HashMap<>();
    for (int place = 0; place < parties.size(); place++) {
      turnOf.put(parties.get(place), turns.new Turn(place)); // the leader is the first
    }
    Map<PartyId, Turns.End> atLeader = new TreeMap<>();
    Map<PartyId, Turns.End> atMember = new TreeMap<>();
    for (PartyId member : parties.subList(1, parties.size())) {
      Turns.End[] ends = Turns.End.pair(leader, turnOf.get(leader), member, turnOf.get(member));
      atLeader.put(member, ends[0]);
      atMember.put(member, ends[1]);
    }
    long[] addend = bench.vector(1); // the same of all: nothing depends on what is in it
    List<Future<?>> members = new ArrayList<>();
    SumOutcome outcome;
    try (ExecutorService threads = Executors.newThreadPerTaskExecutor(Thread::new)) {
      atMember.forEach(
          (member, channel) ->
              members.add(
                  threads.submit(() -> member(settings, channel, turnOf.get(member), addend))));
      turnOf.get(leader).begin();
      try {
        outcome =
            new SecureSumLeader(settings, atLeader, signatures.get(leader), workers).run(addend);
      } finally {
        turnOf.get(leader).end();
      }
      for (Future<?> each : members) {
        each.get();
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
    check(outcome, addend);
    Map<PartyId, Spent> spent = new HashMap<>();
    spent.put(
        leader,
        new Spent(
            turnOf.get(leader).nanos(),
            turnOf.get(leader).cpuNanos(),
            atLeader.values().stream().mapToLong(Turns.End::bytesSent).sum(),
            atLeader.values().stream().mapToLong(Turns.End::bytesReceived).sum()));
    atMember.forEach(
        (member, end) ->
            spent.put(
                member,
                new Spent(
                    turnOf.get(member).nanos(),
                    turnOf.get(member).cpuNanos(),
                    end.bytesSent(),
                    end.bytesReceived())));
    return spent;
  }

  private void member(SecureSumSettings settings, Turns.End end, Turns.Turn turn, long[] addend) {
    Channel channel = lost.contains(end.self()) ? new Lost(end) : end;
    Signatures own = signatures.get(end.self());
    turn.begin();
    try {
      new SecureSumMember(settings, channel, own, verifier(end.self()), workers, new SecureRandom())
          .run(addend);
    } catch (Gone e) {
      end.close();
    } finally {
      turn.end();
    }
  }

  private PartyVerifier verifier(PartyId self) {
    Signatures own = signatures.get(self);
    int place = parties.indexOf(self);
    int survivorsEnd = parties.size() - lost.size();
    if (parties.size() <= ALL_TIMED_MAX || place >= survivorsEnd - TIMED && place < survivorsEnd) {
      return own;
    }
    return (party, message, signature) ->
        checked.computeIfAbsent(
            Digest.of(party + " " + Digest.of(message) + " " + Digest.of(signature)),
            _ -> own.verifies(party, message, signature));
  }

  private void check(SumOutcome outcome, long[] addend) {
    int survivors = parties.size() - lost.size();
    long[] truth = Arrays.stream(addend).map(cell -> cell * survivors).toArray();
    if (outcome.survivors().size() != survivors || !Arrays.equals(outcome.sum(), truth)) {
      throw new ProblemException(
          ErrorCode.PROTOCOL_VIOLATION,
          "the sum",
          "of " + survivors + " parties",
          "of " + outcome.survivors().size() + ", or a wrong one");
    }
  }

  private static final class Gone extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /** A line that breaks when the masked vector is due. */
  private static final class Lost implements Channel {
    private final Turns.End end;
    private int sends;

    private Lost(Turns.End end) {
      this.end = end;
    }

    @Override
    public PartyId self() {
      return end.self();
    }

    @Override
    public PartyId peer() {
      return end.peer();
    }

    @Override
    public void send(byte tag, byte[] body) {
      if (sends++ == SENDS_BEFORE_LOSS) {
        throw new Gone();
      }
      end.send(tag, body);
    }

    @Override
    public byte[] receive(byte tag, int bytesMax) {
      return end.receive(tag, bytesMax);
    }
  }
}
