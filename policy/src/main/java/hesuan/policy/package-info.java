/**
 * A party's own answer to a question about its data. The rules are Rego, compiled to WebAssembly
 * and evaluated in process; {@link hesuan.policy.PolicyInput} is the question, {@link
 * hesuan.policy.PartySettings} the party's own document, {@link hesuan.policy.Decision} the answer.
 * Whatever is undefined, malformed, late or broken is a denial.
 */
@org.jspecify.annotations.NullMarked
package hesuan.policy;
