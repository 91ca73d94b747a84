/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Error codes. A function that can fail returns 0 (OK) or one of these, and its caller must look.
 * What a guest is told for an error is the business of who answers its calls.
 */
#ifndef LIB_ERR_H
#define LIB_ERR_H

enum err {
	OK = 0,
	ERR_INVAL = -1,	    /* an argument is wrong */
	ERR_NOMEM = -2,	    /* no memory, or the VM's allowance is used up */
	ERR_RANGE = -3,	    /* outside what there is */
	ERR_NOENT = -4,	    /* no such thing */
	ERR_EXIST = -5,	    /* there already */
	ERR_BUSY = -6,	    /* in use */
	ERR_FAULT = -7,	    /* an access faulted */
	ERR_NOTSUP = -8,    /* hardware, firmware or limen cannot */
	ERR_AGAIN = -9,	    /* try once more */
	ERR_TIMEOUT = -10,  /* the time-out came first */
	ERR_CANCELED = -11, /* somebody ended the wait */
	ERR_FORMAT = -12,   /* data that does not parse */
	ERR_HASH = -13,	    /* data that is not what its digest says */
};

/* A short word for a person. Any context. */
const char *err_name(enum err e);

#endif
