// What the peers in C have in common: reading one JSON string a line, and the turns that ../turn.go describes.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct text {
  char *bytes;
  size_t length;
};

struct texts {
  struct text *of;
  size_t count, bytes;
};

static void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "cannot go on");
  exit(1);
}

static unsigned hex4(const char *s) {
  char digits[5] = {0};
  memcpy(digits, s, 4);
  return (unsigned)strtoul(digits, NULL, 16);
}

// unquote reads a JSON string in place. The files come from Go, which writes \u only for single code units.
static struct text unquote(char *line) {
  char *out = line, *s = line + 1;
  struct text t = {line, 0};
  while (*s && *s != '"') {
    if (*s != '\\') {
      *out++ = *s++;
      continue;
    }
    s++;
    switch (*s) {
    case 'n': *out++ = '\n'; break;
    case 't': *out++ = '\t'; break;
    case 'r': *out++ = '\r'; break;
    case 'b': *out++ = '\b'; break;
    case 'f': *out++ = '\f'; break;
    case 'u': {
      unsigned c = hex4(s + 1);
      s += 4;
      if (c < 0x80) {
        *out++ = (char)c;
      } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3F));
      } else {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
      }
      break;
    }
    default: *out++ = *s;
    }
    s++;
  }
  *out = 0;
  t.length = (size_t)(out - line);
  return t;
}

static struct texts read_texts(const char *name) {
  struct texts t = {0};
  size_t room = 0;
  FILE *f = fopen(name, "r");
  if (!f) die(name);
  for (;;) {
    char *line = NULL;
    size_t size = 0;
    if (getline(&line, &size, f) < 0) break;
    if (t.count == room) {
      room = room ? 2 * room : 1024;
      t.of = realloc(t.of, room * sizeof *t.of);
      if (!t.of) die("memory");
    }
    t.of[t.count] = unquote(line);
    t.bytes += t.of[t.count++].length;
  }
  fclose(f);
  return t;
}

// now is how long the processor has worked for this program, in seconds.
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// serve goes through all texts again and again for every line that it reads.
static void serve(const char *name, const char *version, size_t patterns, struct texts texts, double built, double mb,
                  size_t (*count)(struct text)) {
  char line[256], size[32] = "-";
  if (mb > 0) snprintf(size, sizeof size, "%.1f", mb);
  printf("ready\t%s\t%.2f\t%s\n", version, built, size);
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    size_t hits = 0, passes = 0;
    double begin = now(), seconds;
    do {
      hits = 0;
      for (size_t i = 0; i < texts.count; i++) hits += count(texts.of[i]);
      passes++;
      seconds = now() - begin;
    } while (seconds < 0.3);
    seconds /= (double)passes;
    printf("%s\t%zu\t%.3f\t%.1f\t%zu\n", name, patterns, (double)texts.bytes / 1e6 / seconds, (double)texts.count / seconds, hits);
    fflush(stdout);
  }
}
