package event

import "strconv"

// DefaultPartitions is how many partitions the comments and the recommendations get where nothing else is said: the most
// workers that can share the work.
const DefaultPartitions = 6

// TopicSpec is how a topic has to be made.
type TopicSpec struct {
	Name       string
	Partitions int
	Compacted  bool              // the latest record of each key is kept for ever
	Config     map[string]string // Kafka's topic configuration
}

// MaxDeadLetter is the longest record of TopicDeadLetter in bytes: a record of Kafka's usual limit of 1 MiB grows by a
// third in base64.
const MaxDeadLetter = 4 << 20

// TopicSpecs are the topics in the order in which they are made, given the number of partitions of the comments (0 is
// DefaultPartitions).
//
// The recommendations have as many partitions as the comments, because a comment's recommendations go to the partition of
// the same number. What is compacted is never compressed: kafka-go's reader stops for ever at the end of a compacted
// segment with compressed records (its issue 1416). Time-based retention is switched off for it too, which Kafka does by
// itself, but the embedded broker does not.
func TopicSpecs(partitions int) []TopicSpec {
	if partitions == 0 {
		partitions = DefaultPartitions
	}
	compacted := func(name string, n int) TopicSpec {
		return TopicSpec{name, n, true, map[string]string{
			"cleanup.policy":   "compact",
			"compression.type": "uncompressed",
			"retention.ms":     "-1",
		}}
	}
	dead := compacted(TopicDeadLetter, 1)
	dead.Config["max.message.bytes"] = strconv.Itoa(MaxDeadLetter)
	return []TopicSpec{
		compacted(TopicPosts, 1),
		compacted(TopicRecommendations, partitions),
		compacted(TopicDecisions, partitions),
		dead,
		// 90 days: longer than any outage or holiday, but not for ever, for it is what citizens wrote.
		{TopicComments, partitions, false, map[string]string{"cleanup.policy": "delete", "retention.ms": "7776000000"}},
	}
}
