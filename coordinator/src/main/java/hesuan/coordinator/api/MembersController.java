package hesuan.coordinator.api;

import hesuan.coordinator.access.ApiTokens;
import hesuan.coordinator.access.Caller;
import hesuan.coordinator.access.Members;
import hesuan.coordinator.access.Role;
import hesuan.coordinator.api.Views.ApiTokenAsk;
import hesuan.coordinator.api.Views.ApiTokenList;
import hesuan.coordinator.api.Views.IssuedApiToken;
import hesuan.coordinator.api.Views.JoinTokenAsk;
import hesuan.coordinator.api.Views.JoinTokenView;
import hesuan.coordinator.api.Views.Parties;
import hesuan.coordinator.api.Views.Party;
import hesuan.coordinator.control.Lines;
import hesuan.coordinator.record.FederationLog;
import hesuan.identity.JoinToken;
import hesuan.identity.JoinTokens;
import hesuan.store.Store;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Requires;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Status;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Parties, and the tokens by which agents join and people sign in. */
@Requires(beans = Federation.class)
@Controller("/api/v1")
@ExecuteOn(TaskExecutors.BLOCKING)
@Tag(name = "members")
final class MembersController {
  private static final int DAYS = 90;

  private final Store store;
  private final Members members;
  private final JoinTokens joinTokens;
  private final ApiTokens apiTokens;
  private final Lines lines;
  private final FederationLog log;
  private final Federation federation;
  private final Clock clock;

  MembersController(
      Store store,
      Members members,
      JoinTokens joinTokens,
      ApiTokens apiTokens,
      Lines lines,
      FederationLog log,
      Federation federation,
      Clock clock) {
    this.store = store;
    this.members = members;
    this.joinTokens = joinTokens;
    this.apiTokens = apiTokens;
    this.lines = lines;
    this.log = log;
    this.federation = federation;
    this.clock = clock;
  }

  /** The enrolled parties and whether their agents are connected; for every signed-in caller. */
  @Get("/parties")
  Parties parties(@Parameter(hidden = true) Caller caller) {
    caller.require(Role.values());
    return new Parties(
        federation.name(),
        Json.node(log.keys()),
        members.list().stream().map(this::party).toList());
  }

  private Party party(Members.Member member) {
    return new Party(
        member.party().value(),
        member.keysDigest().hex(),
        Json.node(member.keys()),
        Present.time(member.enrolledMillis()),
        lines.connected(member.party()),
        member.dataAddress(),
        member.software(),
        lines.clockSkewMillis(member.party()));
  }

  /** A token with which one agent may join as that party, once, within the hour. Operator only. */
  @Post("/tokens/join")
  @Status(HttpStatus.CREATED)
  JoinTokenView join(@Parameter(hidden = true) Caller caller, @Body JoinTokenAsk ask) {
    caller.requireOperator();
    PartyId party = new PartyId(ask.party());
    if (party.equals(log.keys().party())) {
      throw new ProblemException(
          ErrorCode.INVALID_VALUE, "party", "a name that is not the coordinator's", ask.party());
    }
    JoinToken token =
        store.inTransaction("issue join token", t -> joinTokens.issue(t, party, "agent"));
    return new JoinTokenView(
        token.text(), party.value(), Present.time(clock.millis() + JoinTokens.LIFETIME.toMillis()));
  }

  /** A token for a person or tool. A party's admin makes them for that party only. */
  @Post("/tokens/api")
  @Status(HttpStatus.CREATED)
  IssuedApiToken issue(@Parameter(hidden = true) Caller caller, @Body ApiTokenAsk ask) {
    caller.require(Role.ADMIN);
    ApiTokens.Issued issued =
        apiTokens.issue(
            partyOf(caller, ask.party()),
            Role.of(ask.role()),
            ask.label() == null ? "" : ask.label(),
            Duration.ofDays(ask.days() == null ? DAYS : ask.days()),
            caller.by());
    return new IssuedApiToken(issued.secret(), Present.token(issued.entry()));
  }

  private @Nullable PartyId partyOf(Caller caller, @Nullable String asked) {
    if (asked == null) {
      return caller.party();
    }
    PartyId party = new PartyId(asked);
    if (!caller.operator() && !party.equals(caller.party())) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "party", String.valueOf(caller.party()), asked);
    }
    members.require(party);
    return party;
  }

  /** The tokens of the caller's party; all of them for the operator. Never the secrets. */
  @Get("/tokens/api")
  ApiTokenList list(@Parameter(hidden = true) Caller caller) {
    return new ApiTokenList(apiTokens.list(caller).stream().map(Present::token).toList());
  }

  /** Ends a token at once. */
  @Delete("/tokens/api/{id}")
  @Status(HttpStatus.NO_CONTENT)
  void revoke(@Parameter(hidden = true) Caller caller, String id) {
    apiTokens.revoke(caller, id);
  }
}
