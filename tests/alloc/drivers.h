/*
 * Pieces of the program that are run with memory running out.
 */
#ifndef KR_TESTS_ALLOC_DRIVERS_H
#define KR_TESTS_ALLOC_DRIVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct piece {
	const char *name; /* NULL: the end */
	void (*run)(const struct piece *piece);
	/* Of a fuzz target */
	size_t which;
	const uint8_t *data;
	size_t size;
};

extern const struct piece pieces[];
/* Their folder. */
bool pieces_begin(void);
void pieces_end(void);

#endif
