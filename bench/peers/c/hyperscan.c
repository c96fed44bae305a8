// Hyperscan's literal matcher: hyperscan PATTERNS TEXTS
#include "peer.h"

#include <hs.h>

static hs_database_t *database;
static hs_scratch_t *scratch;

static int hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *hits) {
  (void)id, (void)from, (void)to, (void)flags;
  ++*(size_t *)hits;
  return 0;
}

static size_t count(struct text t) {
  size_t hits = 0;
  if (hs_scan(database, t.bytes, (unsigned)t.length, 0, scratch, hit, &hits) != HS_SUCCESS) die("hs_scan");
  return hits;
}

int main(int argc, char **argv) {
  if (argc != 3) die("usage: hyperscan PATTERNS TEXTS");
  struct texts patterns = read_texts(argv[1]), texts = read_texts(argv[2]);
  size_t n = patterns.count, size = 0;
  const char **expressions = calloc(n, sizeof *expressions);
  unsigned *flags = calloc(n, sizeof *flags), *ids = calloc(n, sizeof *ids);
  size_t *lengths = calloc(n, sizeof *lengths);
  hs_compile_error_t *fault = NULL;
  if (!expressions || !flags || !ids || !lengths) die("memory");
  for (size_t i = 0; i < n; i++) {
    expressions[i] = patterns.of[i].bytes;
    lengths[i] = patterns.of[i].length;
    ids[i] = (unsigned)i;
  }
  double begin = now();
  if (hs_compile_lit_multi(expressions, flags, ids, lengths, (unsigned)n, HS_MODE_BLOCK, NULL, &database, &fault) != HS_SUCCESS) {
    die(fault->message);
  }
  double built = now() - begin;
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS || hs_database_size(database, &size) != HS_SUCCESS) die("hs_alloc_scratch");
  char version[64] = {0};
  strncpy(version, hs_version(), sizeof version - 1);
  version[strcspn(version, " ")] = 0;
  serve("hyperscan", version, n, texts, built, (double)size / 1e6, count);
  return 0;
}
