/**
 * What a history of private answers has cost: events form a tree, and the accountant turns the tree
 * into one epsilon for a given delta, by the best of three rules, each of which rounds up. Doubles
 * are at home here: nothing random is drawn, and every step errs to the expensive side.
 */
@org.jspecify.annotations.NullMarked
package hesuan.dp.account;
