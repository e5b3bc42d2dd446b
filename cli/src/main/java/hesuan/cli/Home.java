package hesuan.cli;

import hesuan.agent.Agent;
import hesuan.agent.AgentConfig;
import hesuan.coordinator.Coordinator;
import hesuan.coordinator.CoordinatorConfig;
import hesuan.identity.KeyFiles;
import hesuan.identity.LiveIdentity;
import hesuan.identity.TlsContexts;
import hesuan.transport.Address;
import hesuan.wire.ErrorCode;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;

/**
 * A home folder on this machine, and the way from it to the APIs: an agent's home speaks with its
 * party's certificate, a coordinator's home with the administrator's token.
 */
record Home(Path folder) {
  Home {
    folder = folder.toAbsolutePath().normalize();
  }

  boolean isCoordinator() {
    return Files.exists(folder.resolve("keys/ca.pem"));
  }

  boolean isAgent() {
    return Files.exists(Agent.identityFile(folder));
  }

  Home requireAgent() {
    if (!isAgent()) {
      throw new ProblemException(
          ErrorCode.ENVIRONMENT,
          folder.toString(),
          "an agent's home; `hesuan agent join` makes one",
          "none");
    }
    return this;
  }

  Home requireCoordinator() {
    if (!isCoordinator()) {
      throw new ProblemException(
          ErrorCode.ENVIRONMENT,
          folder.toString(),
          "a coordinator's home; `hesuan coordinator init` makes one",
          "none");
    }
    return this;
  }

  AgentConfig agentConfig() {
    return AgentConfig.read(folder);
  }

  TlsContexts partyTls() throws IOException {
    return new TlsContexts(
        new LiveIdentity(KeyFiles.read(Agent.identityFile(folder))), Clock.systemUTC());
  }

  /** The agent's own API. */
  Api agent() throws IOException {
    requireAgent();
    return new Api(reachable(agentConfig().apiListen()), partyTls().jdk(), null);
  }

  /** The coordinator's API, as this home's owner. */
  Api coordinator() throws IOException {
    if (isAgent()) {
      return new Api(agentConfig().coordinatorApi(), partyTls().jdk(), null);
    }
    requireCoordinator();
    return new Api(
        reachable(CoordinatorConfig.read(folder).apiListen()),
        new TlsContexts.Pinned(Coordinator.rootDigest(folder), Clock.systemUTC()).jdk(),
        Coordinator.adminToken(folder));
  }

  /** What listens on every address is reached on this machine's own. */
  static String reachable(String listen) {
    Address address = Address.parse(listen);
    return address.host().equals("0.0.0.0") ? "127.0.0.1:" + address.port() : listen;
  }
}
