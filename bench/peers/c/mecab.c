// MeCab with the system's dictionary: mecab TEXTS
#include "peer.h"

#include <mecab.h>

static mecab_t *mecab;

static size_t count(struct text t) {
  size_t words = 0;
  const mecab_node_t *node = mecab_sparse_tonode2(mecab, t.bytes, t.length);
  if (!node) die(mecab_strerror(mecab));
  for (; node; node = node->next) words += node->stat != MECAB_BOS_NODE && node->stat != MECAB_EOS_NODE;
  return words;
}

int main(int argc, char **argv) {
  if (argc != 2) die("usage: mecab TEXTS");
  struct texts texts = read_texts(argv[1]);
  double begin = now();
  mecab = mecab_new2("");
  if (!mecab) die("mecab_new2");
  serve("mecab", mecab_version(), 0, texts, now() - begin, 0, count);
  return 0;
}
