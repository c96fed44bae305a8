// Package neural is a small convolutional net that reads a comment a second time, where the linear model is in doubt.
//
// # What it is
//
// A linear model adds up signs, each for itself. The net sees which stand together: its filters are runs of two to five characters
// and of one to three words, each of which answers to the place in the comment that fits it best (Kim, "Convolutional Neural Networks
// for Sentence Classification", 2014), and a hidden layer sets them against each other. It learns what the linear model gets
// wrong and nothing else: half of that model's log-odds is added to its logits, while it learns too. As these come from models that
// have not seen the comment, the net sees the linear model's mistakes as they are on comments nobody has seen.
//
// Two parts read
//
//   - the characters, and the words by their static vectors, for all classes;
//   - the comment beside the official post, for the classes of Shape.Compare only: each word with the word of the post that is most
//     like it, the stretches that were copied from it, and its numbers.
//
// The author's name is left to the linear model: a part for it told the corpus' writers apart and found no more.
//
// # How it is fast
//
// A filter is linear in each character under it. So what a character adds to a filter, at each place under it, is a number that can be
// laid up once: a row of a table for each character, in place of a product of matrices for each place of each comment. A comment of n
// characters takes n rows, which are added up and compared in words of four lanes of 15 bits, and the layers behind them are sums of rows too: package kernel
// does both, on most machines sixteen or eight numbers at a time. Where each filter fits best is kept, as the evidence asks for it. Rows are made when a character or
// a word is first met; there are as many as the net knows, so the tables are bounded. Nothing is allocated for a comment
// once the memory of a reading has grown to its size.
//
// # Training
//
// By Adam (Kingma & Ba 2015) on batches, with dropout, characters and words left out at random, and smoothed labels. It is plain Go on
// one goroutine, and deterministic on one kind of processor (math.Exp of amd64 depends on what it can do). Backpropagation through the pooling touches one place for each filter, so
// most of the time goes into the same tables, made anew for the characters and words of each batch. Weights are kept in 8 bits.
package neural
