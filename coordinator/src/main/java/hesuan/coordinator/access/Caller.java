package hesuan.coordinator.access;

import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.ProblemException;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An authenticated caller of the API.
 *
 * @param party whom it speaks for; null for the operator of the federation, who administers members
 *     and tokens and speaks for no party
 * @param by {@code token:<id>} or {@code certificate}, for the record of who did what
 */
public record Caller(@Nullable PartyId party, Set<Role> roles, String by) {
  public Caller {
    roles = Set.copyOf(roles);
  }

  /** A party's agent holds the party's certificate, and thereby every role of that party. */
  public static Caller certificate(PartyId party) {
    return new Caller(party, EnumSet.allOf(Role.class), "certificate");
  }

  public boolean operator() {
    return party == null;
  }

  public void require(Role... anyOf) {
    for (Role role : anyOf) {
      if (roles.contains(role)) {
        return;
      }
    }
    throw new ProblemException(
        ErrorCode.NOT_AUTHORISED, "caller", "role " + texts(Set.of(anyOf)), texts(roles));
  }

  public void requireOperator() {
    require(Role.ADMIN);
    if (!operator()) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "caller", "the operator of the federation", "" + party);
    }
  }

  /** The party for which something is about to be done: an operator has none. */
  public PartyId requireParty() {
    if (party == null) {
      throw new ProblemException(
          ErrorCode.NOT_AUTHORISED, "caller", "a token of a party", "the operator's token");
    }
    return party;
  }

  /** Whether something that those parties share may be seen. */
  public boolean sees(Collection<PartyId> parties) {
    return party == null || parties.contains(party);
  }

  private static String texts(Set<Role> roles) {
    return String.join(" or ", roles.stream().map(Role::text).sorted().toList());
  }
}
