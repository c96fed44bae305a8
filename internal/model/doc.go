// Package model is the learned reader of comments, beside the rules, for what no word list holds: a linear model, where that is in
// doubt a small net, and before both a glance that ends what is plainly fair.
//
// # What it sees
//
// A reply is read in its folded view or, where it was disguised, with the disguise undone. Links and mentions are one character each, and a
// link to a public office's site is nothing. The features are
//
//   - every run of one to five characters, digits alike;
//   - the characters before each end of a sentence, where Japanese says how it is meant, and the first of all;
//   - the words by the row of a static word vector, and two such words in a row: words of like use share a row, so that what
//     was learned of one holds for the others; coarser still, the rows' clusters, and the clusters of words near each other;
//   - the mean of the words' vectors, in which a frequent word counts for little;
//   - the classes of the dictionary that have a word in the reply;
//   - how it is written: masks, half-width kana, letters of other alphabets, mixed scripts, length, repetition. A disguise shows by itself,
//     whatever it hides;
//   - for tampering and off-topic only: how it compares with the official post. How alike the two are counts by how much there is to
//     compare;
//   - for impersonation only: the characters of the author's name and handle.
//
// Words are found by the longest match over the characters, not by a tokenizer, which would cost many times the rest.
//
// # What it says
//
// A multinomial logistic regression (the first reading) gives each category of the account's policy, and none, a share of certainty. They add up to 1:
// at most one clause leads. The shares are calibrated by cross-validation over official posts (Platt's scaling with one
// temperature and a shift for each category), so that of the comments given 0.9, nine in ten are right; the report of the training
// shows it. The phrases that weighed most for the category against none are its evidence: each feature's weight lies on the
// characters that it was seen at.
//
// The letters come first: where their runs, the ends of sentences and the author's name alone give none a share of 0.98, nothing else is looked for. The figures in a
// training's report are without it.
//
// # The first glance
//
// Most comments are plainly fair, and need none of this to be told so: a logistic regression over hashed runs of one to three characters, whose
// 512 KB stay in the cache, ends those of which it is sure (Fair). It never speaks against a comment, and is not asked about those that are very long, disguised or
// in characters it hardly knows. How sure it must be is set by violating comments that it has not seen and of which the other readings together,
// which had not seen them either, were sure: four in a thousand of them may end there, and two in a hundred of any category. Policies with a
// clause against what is off-topic or an impersonation have a bound of their own, as the text alone tells less. The figures in a training's report are without it.
//
// # The second reading
//
// Where the share of none is below 0.6, package neural's net reads the same characters and words again, as they stand together, with the
// same comparison with the post, for the same categories only. Its logits and the linear
// model's log-odds are weighed and shifted to the final shares, which are calibrated by this: the weights are fitted on comments that
// neither reading had seen. Most fair comments that are read are read once. The evidence is then of both readings: what each filter that was
// on added lies on the characters or words that it was on at.
//
// # Disguises
//
// A comment that was disguised is read with what the disguise shows of itself. Where that speaks against it, it is read once more as if it had been
// written plainly: how it is written may raise the odds a hundredfold above those of what it says, and no more.
//
// # Long comments
//
// A comment of more than 60 characters is read whole and by overlapping parts of two or more sentences, each part as if it were a comment. The worst
// part counts, its evidence too, where it is worse than the whole though its odds are divided by the number of parts; what it has of off-topic counts for
// none. Where the whole has odds of 50 against it, its parts are not asked. The figures in a training's report are without it.
//
// # Training
//
// Train is deterministic: the same comments, vectors and options give the same file, byte for byte, on the same architecture.
// AdaGrad (Duchi, Hazan & Singer 2011) with an L2 penalty goes over the comments in an order drawn from a fixed seed; the
// mean of the last epochs is kept. Weights are stored in 8 bits, those that are added up on one scale. The net learns what the linear
// model gets wrong, from the shares that models gave to comments which they had not seen; so it learns from no known
// comment, and from none that was put under another post than its own.
package model
