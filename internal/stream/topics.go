package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/kotomori/kotomori/internal/event"
)

// TopicSettings are for topics that do not exist yet. Zero values are defaults.
type TopicSettings struct {
	Partitions  int // of comments and recommendations, which always have equally many; default event.DefaultPartitions
	Replication int // default: as the cluster says
}

// Problem is what is wrong with a topic.
type Problem struct {
	Topic string
	What  string
	Mend  string
	Fatal bool // a worker must not start; otherwise worth a warning
}

func (p Problem) Error() string { return p.Topic + ": " + p.What + "; " + p.Mend }

// EnsureTopics creates the topics that are missing, waits until the cluster knows them, and checks those that are there.
// It may be called any number of times, by several processes at once. The error is one of the network or the cluster;
// what is wrong with topics is in the problems.
func (c *Client) EnsureTopics(ctx context.Context, s TopicSettings) ([]Problem, error) {
	specs := event.TopicSpecs(s.Partitions)
	topics, err := c.describe(ctx)
	if err != nil {
		return nil, err
	}
	replication := s.Replication
	if replication == 0 {
		replication = -1 // the cluster's default.replication.factor
	}
	var create []kafka.TopicConfig
	for _, spec := range specs {
		if _, ok := topics[spec.Name]; ok {
			continue
		}
		if spec.Name == event.TopicRecommendations && topics[event.TopicComments] > 0 {
			spec.Partitions = topics[event.TopicComments] // whoever made the one meant the other
		}
		t := kafka.TopicConfig{Topic: spec.Name, NumPartitions: spec.Partitions, ReplicationFactor: replication}
		for name, value := range spec.Config {
			t.ConfigEntries = append(t.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
		}
		create = append(create, t)
	}
	if len(create) > 0 {
		res, err := c.kafka.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: create})
		if err != nil {
			return nil, fmt.Errorf("creating topics: %w", err)
		}
		var problems []Problem
		for _, t := range create {
			switch err := res.Errors[t.Topic]; {
			case err == nil:
				c.log.Info("topic created", "topic", t.Topic, "partitions", t.NumPartitions)
			case errors.Is(err, kafka.TopicAlreadyExists): // another process was first
			case errors.Is(err, kafka.TopicAuthorizationFailed), errors.Is(err, kafka.ClusterAuthorizationFailed):
				problems = append(problems, Problem{t.Topic, "does not exist and we may not create it", "have it created: " + describeConfig(t), true})
			case errors.Is(err, kafka.InvalidReplicationFactor), errors.Is(err, kafka.PolicyViolation), errors.Is(err, kafka.InvalidConfiguration):
				problems = append(problems, Problem{t.Topic, "cannot be created: " + err.Error(), "have it created: " + describeConfig(t), true})
			default:
				return nil, fmt.Errorf("creating topic %s: %w", t.Topic, err)
			}
		}
		if len(problems) > 0 {
			return problems, nil
		}
		if topics, err = c.awaitTopics(ctx, specs); err != nil {
			return nil, err
		}
	}
	return c.checkTopics(ctx, specs, topics)
}

func describeConfig(t kafka.TopicConfig) string {
	parts := []string{strconv.Itoa(t.NumPartitions) + " partitions"}
	for _, e := range t.ConfigEntries {
		parts = append(parts, e.ConfigName+"="+e.ConfigValue)
	}
	slices.Sort(parts[1:])
	return strings.Join(parts, ", ")
}

// describe tells how many partitions each existing topic of ours has.
func (c *Client) describe(ctx context.Context) (map[string]int, error) {
	m, err := c.kafka.Metadata(ctx, &kafka.MetadataRequest{Topics: topicNames()})
	if err != nil {
		return nil, fmt.Errorf("looking for the topics: %w", err)
	}
	topics := make(map[string]int)
	for _, t := range m.Topics {
		switch {
		case errors.Is(t.Error, kafka.UnknownTopicOrPartition):
		case t.Error != nil:
			return nil, fmt.Errorf("looking for topic %s: %w", t.Name, t.Error)
		case len(t.Partitions) > 0:
			topics[t.Name] = len(t.Partitions)
		}
	}
	return topics, nil
}

// awaitTopics waits until new topics are known everywhere: kafka-go's requests for a topic that it has not heard of fail.
func (c *Client) awaitTopics(ctx context.Context, specs []event.TopicSpec) (map[string]int, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		ready := 0
		var last error
		for _, s := range specs {
			t, err := c.topic(ctx, s.Name)
			for _, p := range t.Partitions {
				err = errors.Join(err, p.Error) // no leader yet
			}
			if err != nil {
				last = err
				continue
			}
			ready++
		}
		if ready == len(specs) {
			return c.describe(ctx)
		}
		if !sleep(ctx, 50*time.Millisecond) {
			return nil, fmt.Errorf("waiting for new topics: %w", last)
		}
	}
}

func (c *Client) checkTopics(ctx context.Context, specs []event.TopicSpec, topics map[string]int) ([]Problem, error) {
	var problems []Problem
	if p, ok := partitionProblem(topics[event.TopicComments], topics[event.TopicRecommendations]); ok {
		problems = append(problems, p)
	}
	req := &kafka.DescribeConfigsRequest{}
	for _, s := range specs {
		req.Resources = append(req.Resources, kafka.DescribeConfigRequestResource{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: s.Name,
			ConfigNames: []string{"cleanup.policy", "compression.type", "max.message.bytes"},
		})
	}
	res, err := c.kafka.DescribeConfigs(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("asking for the topics' configuration: %w", err)
	}
	configs := make(map[string]map[string]string)
	for _, r := range res.Resources {
		if r.Error != nil {
			// Most clusters let nobody but administrators ask.
			c.log.Debug("the topic's configuration is not checked", "topic", r.ResourceName, "err", r.Error)
			continue
		}
		configs[r.ResourceName] = make(map[string]string)
		for _, e := range r.ConfigEntries {
			configs[r.ResourceName][e.ConfigName] = e.ConfigValue
		}
	}
	for _, s := range specs {
		problems = append(problems, configProblems(s, configs[s.Name])...)
	}
	return problems, nil
}

func partitionProblem(comments, recommendations int) (Problem, bool) {
	if comments == recommendations {
		return Problem{}, false
	}
	what := fmt.Sprintf("has %d partitions, %s has %d", recommendations, event.TopicComments, comments)
	mend := fmt.Sprintf("give both equally many: kafka-topics --alter --topic %s --partitions %d", event.TopicRecommendations, comments)
	if recommendations > comments {
		mend = fmt.Sprintf("give both equally many: kafka-topics --alter --topic %s --partitions %d", event.TopicComments, recommendations)
	}
	return Problem{event.TopicRecommendations, what, mend, true}, true
}

// configProblems compares what a topic is with what it should be; config is nil where it could not be asked for.
func configProblems(s event.TopicSpec, config map[string]string) []Problem {
	var problems []Problem
	if config == nil {
		return nil
	}
	compacts := strings.Contains(config["cleanup.policy"], "compact")
	switch {
	case s.Compacted && config["cleanup.policy"] != "compact":
		problems = append(problems, Problem{
			s.Name, fmt.Sprintf("has cleanup.policy=%s, so old records go and what was said is forgotten", config["cleanup.policy"]),
			"set cleanup.policy=compact", true,
		})
	case !s.Compacted && compacts:
		problems = append(problems, Problem{
			s.Name, "has cleanup.policy=" + config["cleanup.policy"] + ", which keeps one comment under each post and drops the others",
			"set cleanup.policy=delete", true,
		})
	}
	if v := config["compression.type"]; s.Compacted && v != "uncompressed" {
		problems = append(problems, Problem{
			s.Name, "has compression.type=" + v + ", on which readers made with kafka-go stop for ever once it is compacted",
			"set compression.type=uncompressed", false,
		})
	}
	want, _ := strconv.Atoi(s.Config["max.message.bytes"])
	if v, err := strconv.Atoi(config["max.message.bytes"]); err == nil && v < want {
		problems = append(problems, Problem{
			s.Name, fmt.Sprintf("has max.message.bytes=%d, so long records are kept in part only", v),
			fmt.Sprintf("set max.message.bytes=%d", want), false,
		})
	}
	return problems
}
