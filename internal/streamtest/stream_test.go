package streamtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/kotomori/kotomori/classifier"
	"github.com/kotomori/kotomori/internal/event"
	"github.com/kotomori/kotomori/internal/stream"
)

// total is how many comments are sent, edits, deletions and broken records not counted.
const total = 20_000

func TestStreamEmbedded(t *testing.T) { testStream(t, newEmbedded) }
func TestStreamKafka(t *testing.T)    { testStream(t, newApache) }

// Comments go through two workers; workers are killed at random and started again, one leaves, the broker is killed and
// started again; records are broken, comments edited and deleted. At the end every comment that breaks the policy has
// exactly the recommendation that classify gives, every broken record is in the dead letters, and nothing is missing.
func testStream(t *testing.T, newBroker func(*testing.T) broker) { //nolint:thelper // it is the test
	random := chance(t)

	b := newBroker(t)
	b.start()
	client, err := stream.Connect(stream.Cluster{Brokers: []string{b.addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.EnsureTopics(t.Context(), stream.TopicSettings{}); err != nil {
		t.Fatal(err)
	}

	comments, sent := makeComments(random)
	fed := make(chan struct{})
	feedErr := errors.New("a process could not be started")
	feeding, stopFeeding := context.WithCancel(t.Context())
	go func() {
		defer close(fed)
		feedErr = feed(feeding, t, b.addr(), client, sent)
	}()
	defer func() { // the test does not end before the goroutine, which uses it
		stopFeeding()
		<-fed
	}()

	// What happens when so many records are done.
	workers := map[string]*worker{"A": startWorker(t, "worker A", b.addr())}
	restart := func(name string) func() {
		return func() {
			if w := workers[name]; w != nil {
				w.kill()
			}
			workers[name] = startWorker(t, "worker "+name, b.addr())
		}
	}
	type incident struct {
		at   int64
		what string
		do   func()
	}
	percent := func(from, to int) int64 { return int64((from*100 + random.IntN((to-from)*100)) * total / 10_000) }
	plan := []incident{
		{percent(3, 15), "worker A is killed and started again", restart("A")},
		{percent(15, 25), "worker B comes", restart("B")},
		{percent(25, 40), "the broker is killed and started again", func() { b.kill(); b.start() }},
		{percent(40, 55), "worker B is killed and started again", restart("B")},
		{percent(55, 65), "worker A leaves", func() { workers["A"].stop() }},
		{percent(65, 75), "worker C comes", restart("C")},
		{percent(75, 90), "worker B is killed and started again", restart("B")},
	}
	for _, i := range plan {
		var done int64
		until(t, fmt.Sprintf("%d of %d records", i.at, len(sent)), func() bool {
			committed, err := client.Committed(t.Context(), stream.DefaultGroup, event.TopicComments)
			if err != nil {
				return false
			}
			done = 0
			for _, n := range committed {
				done += n
			}
			return done >= i.at
		})
		t.Logf("%6d done: %s", done, i.what)
		i.do()
	}
	<-fed
	if feedErr != nil {
		t.Fatalf("feeding: %v", feedErr)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if err := client.WaitDrained(ctx, stream.DefaultGroup, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"B", "C"} {
		workers[name].stop()
	}
	verify(t, b.addr(), comments)
}

// texts are what the comments say: plain violations of several clauses, and what is acceptable. What classify makes of
// them is asked of it.
var texts = []string{
	"スマホだけで月50万円稼げます！興味のある方は公式LINEに登録してください https://line.me/R/ti/p/%40kasegu",
	"今だけ限定！ブランドバッグが90%オフ、購入はこちらから https://shop-outlet.example.com/sale",
	"お前みたいな無能は死ね、二度と顔を見せるな",
	"あの課長はバカで役立たずのゴミ野郎だ",
	"次の選挙では山川太郎候補に投票してください！皆様の一票をお願いします",
	"山田一郎の住所は桜町1-2-3、電話は090-1234-5678です。みんなで電話してやろう",
	"このファイルを今すぐ実行してください http://203.0.113.7/update.exe",
	"大麻あります。手押し可、テレグラム @yasai420 まで連絡ください",
	"今夜市役所に爆弾を仕掛けた。爆破する",
	"外国人は全員この国から出て行け、ゴキブリども",
	"楽しみにしています！家族で参加します",
	"申し込みは当日でも大丈夫でしょうか？",
	"雨の場合はどうなりますか",
	"去年も行きました。スタッフの皆さんが親切でした",
	"駐車場はありますか。車で行こうと思っています",
	"もう少し早く告知してほしいです。予定が立てられません",
	"死ぬほど楽しみにしてました！",
	"市の対応が遅すぎます。説明してください",
	"同じような勧誘のDMが届きました。皆さん気をつけてください",
	"ありがとうございます。とても勉強になりました",
	"選挙の投票所はどこで確認できますか",
	"子どもと一緒に申し込みました🎉",
	"オンラインでの配信はありますか？",
	"ボランティアの募集はまだ間に合いますか",
}

// made is a comment with everything that happens to it.
type made struct {
	first event.Comment
	last  event.Comment // what holds in the end
}

// makeComments makes the comments and the records to be sent, in their order.
func makeComments(random *rand.Rand) ([]made, []event.Record) {
	posts := make([]string, 200)
	for i := range posts {
		posts[i] = fmt.Sprintf("市民活動講座 第%d回 参加者を募集します。申し込みは市のホームページから", i)
	}
	accounts := []string{"saitama", "wako"}
	platforms := map[string][]string{"saitama": {"x"}, "wako": {"x", "facebook", "blog"}}
	var all []made
	var records []event.Record
	add := func(c event.Comment) {
		r, err := c.Record("test", time.Now())
		if err != nil {
			panic(err)
		}
		records = append(records, r)
	}
	for i := range total {
		account := accounts[random.IntN(len(accounts))]
		platform := platforms[account][random.IntN(len(platforms[account]))]
		post := random.IntN(len(posts))
		// Each text is another from its beginning, or it would be a flood, which depends on the order in which they arrive.
		text := func() string { return fmt.Sprintf("%d人目です。", i) + texts[random.IntN(len(texts))] }
		c := event.Comment{
			Comment: classifier.Comment{
				ID: fmt.Sprintf("c%d", i), Account: account, Platform: platform, Text: text(),
				Post:   classifier.Post{ID: fmt.Sprintf("p%d", post), Text: posts[post]},
				Author: classifier.Author{ID: fmt.Sprintf("u%d", random.IntN(500)), Name: "市民", Handle: "shimin"},
			},
			Revision: 1,
		}
		m := made{first: c, last: c}
		add(c)
		switch random.IntN(20) {
		case 0: // edited
			m.last.Revision, m.last.Text = 2, text()
			add(m.last)
		case 1: // edited, and the old one comes once more after it
			m.last.Revision, m.last.Text = 3, text()
			add(m.last)
			add(c)
		case 2: // deleted
			m.last.Revision, m.last.Deleted, m.last.Text = event.MaxRevision, true, ""
			add(m.last)
		case 3: // delivered twice
			add(c)
		case 4: // deleted, and told of before it comes
			m.last.Deleted, m.last.Text = true, ""
			records = records[:len(records)-1]
			add(m.last)
			add(c)
		}
		all = append(all, m)
		if i%500 == 7 {
			records = append(records, broken(random, c)...)
		}
	}
	return all, records
}

// broken are records that cannot be judged.
func broken(random *rand.Rand, c event.Comment) []event.Record {
	record := func(c event.Comment) event.Record {
		r, err := c.Record("test", time.Now())
		if err != nil {
			panic(err)
		}
		return r
	}
	cut := record(c)
	cut.Value = cut.Value[:len(cut.Value)-1-random.IntN(20)]
	bytes := record(c)
	bytes.Value = append(slices.Clone(bytes.Value[:len(bytes.Value)-2]), 0xff, '"', '}')
	unknown := c
	unknown.Account = "nowhere"
	newer := record(c)
	newer.Value = []byte(strings.Replace(string(newer.Value), `"schema":"`+event.Version+`"`, `"schema":"9.0"`, 1))
	key := record(c)
	key.Key = []byte("another key")
	longer := c
	longer.Text = strings.Repeat("長", 200_000)
	empty := record(c)
	empty.Value = nil
	return []event.Record{cut, bytes, record(unknown), newer, key, record(longer), empty}
}

// feed sends the records: whole comments through kotomori feed, what that would refuse directly.
func feed(ctx context.Context, t *testing.T, addr string, client *stream.Client, records []event.Record) error {
	t.Helper()
	feeder := stream.NewFeeder(client, "test", nil)
	for part := range slices.Chunk(records, len(records)/3) {
		var file bytes.Buffer
		var odd []event.Record
		for _, r := range part {
			if c, err := event.DecodeComment(r.Value); err == nil && c.Key() == string(r.Key) && c.Account != "nowhere" {
				file.Write(append(slices.Clone(r.Value), '\n'))
			} else {
				odd = append(odd, r)
			}
		}
		if err := feeder.SendRecords(ctx, odd...); err != nil {
			return err
		}
		name := filepath.Join(t.TempDir(), "part.jsonl")
		if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
			return err
		}
		for again := true; again; {
			p := start(t, "feed", nil, program, "feed", name, "--brokers", addr)
			select {
			case <-p.done:
			case <-ctx.Done():
				p.kill()
				return ctx.Err()
			}
			// It waits for a broker that goes away, but not for one that is not there to begin with.
			again = p.err != nil && strings.Contains(p.output(), "does not answer")
			if p.err != nil && !again {
				return p.err
			}
		}
	}
	return nil
}

// verify looks at everything that is in the topics.
func verify(t *testing.T, addr string, comments []made) {
	t.Helper()
	input := readAll(t, addr, event.TopicComments)

	// Every comment and every one of its events has arrived.
	arrived := make(map[string]map[string]bool)
	bad := make(map[string]*kgo.Record)
	for _, r := range input {
		c, err := event.DecodeComment(r.Value)
		if err != nil || c.Key() != string(r.Key) || c.Account == "nowhere" {
			bad[fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset)] = r
			continue
		}
		if arrived[c.CommentKey()] == nil {
			arrived[c.CommentKey()] = make(map[string]bool)
		}
		arrived[c.CommentKey()][fmt.Sprint(c.Revision, c.Deleted)] = true
	}
	for _, m := range comments {
		for _, c := range []event.Comment{m.first, m.last} {
			if !arrived[c.CommentKey()][fmt.Sprint(c.Revision, c.Deleted)] {
				t.Fatalf("%s, revision %d, was acknowledged and is not there", c.CommentKey(), c.Revision)
			}
		}
	}
	if len(bad) < total/500*7 {
		t.Errorf("%d broken records, want at least %d", len(bad), total/500*7)
	}

	// What classify says about what holds in the end.
	verdicts := classify(t, comments)
	violations := 0
	want := make(map[string]classifier.Verdict)
	for i, m := range comments {
		if v := verdicts[i]; !m.last.Deleted && v.Action.String() != "none" {
			want[m.last.CommentKey()] = v
			violations++
		}
	}
	t.Logf("%d records, %d of them broken; %d of %d comments are to be recommended", len(input), len(bad), violations, len(comments))
	if violations < total/20 || violations > total*19/20 {
		t.Fatalf("%d of %d comments break the policy: this test says little", violations, len(comments))
	}

	// What watch shows, the last of each comment.
	got := make(map[string]event.Recommendation)
	lines(t, run(t, nil, "watch", "--brokers", addr, "--from-beginning", "--until-end"), func(r event.Recommendation) {
		got[r.Key()] = r
	})
	last := make(map[string]event.Comment)
	for _, m := range comments {
		last[m.last.CommentKey()] = m.last
	}
	open := 0
	for key, r := range got {
		c, ok := last[key]
		if !ok {
			t.Errorf("a recommendation for %s, which was never sent", key)
			continue
		}
		v, violating := want[key]
		switch {
		case (r.Status == event.Open) != violating:
			t.Errorf("%s is %s in revision %d; classify says %s", key, r.Status, r.Revision, v.Action)
		case r.Status == event.Withdrawn:
			continue
		case r.Revision != c.Revision || r.ID != event.RecommendationID(key, c.Revision, v.Ruleset) || r.Text != c.Text ||
			r.Action != v.Action || !reflect.DeepEqual(r.Findings, v.Findings) || r.Policy != v.Policy || r.Ruleset != v.Ruleset:
			t.Errorf("%s:\n%+v\nclassify says\n%+v", key, r, v)
		default:
			open++
		}
	}
	for key := range want {
		if _, ok := got[key]; !ok {
			t.Errorf("no recommendation for %s", key)
		}
	}
	if open != violations {
		t.Errorf("%d open recommendations, want %d", open, violations)
	}

	// Nothing was ever said twice under two ids: of each revision there is one.
	ids := make(map[string]string)
	records := readAll(t, addr, event.TopicRecommendations)
	for _, r := range records {
		rec, err := event.DecodeRecommendation(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		revision := fmt.Sprintf("%s revision %d %s", rec.Key(), rec.Revision, rec.Status)
		if id, ok := ids[revision]; ok && id != rec.ID {
			t.Errorf("%s: %s and %s", revision, id, rec.ID)
		}
		ids[revision] = rec.ID
	}
	t.Logf("%d records in %s, %d of them repeated", len(records), event.TopicRecommendations, len(records)-len(ids))

	// Every broken record is in the dead letters, and nothing else.
	for _, r := range readAll(t, addr, event.TopicDeadLetter) {
		d, err := event.DecodeDeadLetter(r.Value)
		if err != nil {
			t.Fatal(err)
		}
		b, ok := bad[d.Key()]
		if !ok {
			t.Errorf("dead letter %s for a sound record: %s", d.Key(), d.Error)
			continue
		}
		if !bytes.Equal(d.Value, b.Value) || !bytes.Equal(d.RecordKey, b.Key) || d.Error == "" || d.Reason == "" {
			t.Errorf("dead letter %s does not hold the record", d.Key())
		}
		b.Context = context.Background() // seen
	}
	for key, b := range bad {
		if b.Context == nil {
			t.Errorf("no dead letter for %s", key)
		}
	}
}

// classify asks kotomori classify about what holds of each comment in the end.
func classify(t *testing.T, comments []made) []classifier.Verdict {
	t.Helper()
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, m := range comments {
		c := m.last.Comment
		if m.last.Deleted {
			c.Text = "削除"
		}
		if err := enc.Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	var verdicts []classifier.Verdict
	lines(t, run(t, &in, "classify"), func(v classifier.Verdict) { verdicts = append(verdicts, v) })
	if len(verdicts) != len(comments) {
		t.Fatalf("classify gave %d verdicts for %d comments", len(verdicts), len(comments))
	}
	return verdicts
}

// readAll reads a topic with another Kafka client than the program's.
func readAll(t *testing.T, addr, topic string) []*kgo.Record {
	t.Helper()
	cl, err := stream.Connect(stream.Cluster{Brokers: []string{addr}})
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	ends, err := cl.EndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	maps.DeleteFunc(ends, func(_ int, end int64) bool { return end == 0 })
	var all []*kgo.Record
	for len(ends) > 0 {
		f := client.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) {
			r.Context = nil
			all = append(all, r)
			if r.Offset+1 >= ends[int(r.Partition)] {
				delete(ends, int(r.Partition))
			}
		})
	}
	return all
}
