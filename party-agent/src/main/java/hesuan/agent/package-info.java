/**
 * The agent in a party's own domain. It decides (admission), pays (budget), computes (sessions over
 * the engines), lets go (release) and keeps the evidence (its own log). It trusts its own files and
 * the keys in contracts that its party signed, and nobody else.
 */
@org.jspecify.annotations.NullMarked
package hesuan.agent;
