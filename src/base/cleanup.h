/*
 * Scope-bound release of resources.
 *
 * A local that owns something is declared with kr_cleanup(x_freep); every way
 * out of the scope releases it. Ownership leaves the scope by take_ptr():
 *
 *	kr_cleanup(err_freep) struct err *err = NULL;
 *	...
 *	return take_ptr(&err);
 *
 * KR_DEFINE_FREEP(err) defines err_freep() from err_free(); every *_free()
 * accepts NULL.
 */
#ifndef KR_BASE_CLEANUP_H
#define KR_BASE_CLEANUP_H

#include <stdlib.h>

#define kr_cleanup(function) __attribute__((cleanup(function)))

#define KR_DEFINE_FREEP(name)                                                  \
	static inline void name##_freep(struct name **p)                       \
	{                                                                      \
		name##_free(*p);                                               \
	}

/* Hands over what *p owns and leaves NULL behind. */
#define take_ptr(p)                                                            \
	__extension__({                                                        \
		__typeof__(*(p)) take_ptr_value = *(p);                        \
		*(p) = NULL;                                                   \
		take_ptr_value;                                                \
	})

static inline void str_freep(char **p)
{
	free(*p);
}

#endif
