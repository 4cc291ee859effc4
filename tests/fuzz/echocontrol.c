/*
 * The positive control: a parser whose errors quote eight bytes of a key that
 * stands somewhere in what it refuses, in their text or in their hint. Each one
 * has to be found.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define QUOTED	 8
#define KEY	 44
#define EACH	 80 /* keys in every file of the corpus */
#define MAX_FILE 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void echo_input(const char *data, size_t size);
void echo_found(const char *text);

static unsigned long planted, found;

void echo_found(const char *text)
{
	(void)text;
	found++;
}

static void say(void)
{
	(void)fprintf(stderr, "echoes planted %lu, found %lu\n", planted,
		      found);
}

static void make_key(char key[KEY])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				     "mnopqrstuvwxyz0123456789+/";
	static uint64_t state = 1;

	for (int i = 0; i < KEY; i++) {
		state = state * 6364136223846793005U + 1442695040888963407U;
		key[i] = digits[state >> 58];
	}
}

static void refuse(const char *key, unsigned way)
{
	const char *at = key + way % (KEY - QUOTED + 1);
	struct err *err = err_new(KR_EINVALID, "it is refused");

	if (way % 3 == 0)
		err = err_hint(err, "there is \"%.*s\"", QUOTED, at);
	else if (way % 3 == 1)
		err = err_wrap(err, "near %.*s", QUOTED, at);
	else
		err = err_set_reason(err_wrap(err, "x:%.*s", QUOTED, at),
				     "Refused");
	planted++;
	err_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[MAX_FILE + KEY];

	if ((!planted && atexit(say) != 0) || size > MAX_FILE)
		abort();
	for (unsigned i = 0; i < EACH; i++) {
		size_t before = size * i / EACH;
		char *key = text + before;

		if (before)
			memcpy(text, data, before);
		make_key(key);
		if (size > before)
			memcpy(key + KEY, data + before, size - before);
		echo_input(text, size + KEY);
		refuse(key, i);
	}
	return 0;
}
