/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DBCN (SBI 3.0, chapter 12): the debug console is the VM's console. Addresses are guest physical;
 * a buffer must lie in the VM's RAM. A write takes what there is room for; the write of one byte waits for
 * room, in the guest: it is made again until there is, and the guest's interrupts come in between.
 */
#include "guest/vm/vm.h"
#include "sbi/ext.h"
#include "sbi/server.h"

#define CHUNK 256U
#define SHORT 16U /* what a console takes in one piece, with interrupts off, in any case */

/* The buffer's address, if the two halves name one inside RAM. */
static bool buffer(const struct vcpu *v, const u64 *a, gpa_t *out)
{
	*out = GPA(a[1]);
	return !a[2] && (!a[0] || gmem_contains(&v->vm->mem, *out, a[0]));
}

/* n is no more than a chunk; out of the way of those that write nothing. */
static __attribute__((noinline)) struct sbi_ret write_chunk(struct vcpu *v, gpa_t at, u64 n)
{
	char text[CHUNK];

	if (gmem_read(&v->vm->mem, at, text, n))
		return SBI_RET(SBI_ERR_FAILED, 0);
	return SBI_RET(SBI_SUCCESS, vconsole_write(&v->vm->console, text, n));
}

/* Writes no more than one chunk: the caller comes back for the rest, as the specification lets it,
 * and no guest keeps its hart busy here. */
static __always_inline struct sbi_ret write(struct vcpu *v, const u64 *a)
{
	gpa_t at;

	if (!buffer(v, a, &at))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (!a[0])
		return SBI_RET(SBI_SUCCESS, 0);
	return write_chunk(v, at, min_u64(a[0], CHUNK));
}

static bool write_byte(struct vcpu *v, const u64 *a)
{
	char byte = (char)a[0];

	if (!vconsole_write(&v->vm->console, &byte, 1))
		return false;
	sbi_return(v, SBI_RET(SBI_SUCCESS, 0));
	return true;
}

/* The call is made anew, after who else wants the hart; so nobody waits in limen for a port. */
static void again(struct vcpu *v)
{
	v->arch.sepc -= SBI_ECALL_LEN;
	vcpu_yield(v);
}

static struct sbi_ret read(struct vcpu *v, const u64 *a)
{
	u64 n = min_u64(a[0], CHUNK);
	char text[CHUNK];
	gpa_t at;

	if (!buffer(v, a, &at))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	n = vconsole_read(&v->vm->console, text, n);
	if (n && gmem_write(&v->vm->mem, at, text, n))
		return SBI_RET(SBI_ERR_FAILED, 0);
	return SBI_RET(SBI_SUCCESS, n);
}

static struct sbi_ret call(struct vcpu *v, u64 fid, const u64 *a)
{
	switch (fid) {
	case SBI_DBCN_WRITE: return write(v, a);
	case SBI_DBCN_READ: return read(v, a);
	default: return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	}
}

bool sbi_dbcn_watched(struct vcpu *v, u64 fid, const u64 *a)
{
	if (fid == SBI_DBCN_WRITE && a[0] <= SHORT)
		sbi_return(v, write(v, a));
	else
		return fid == SBI_DBCN_WRITE_BYTE && write_byte(v, a);
	return true;
}

void sbi_dbcn(struct vcpu *v, u64 fid, const u64 *a)
{
	if (fid != SBI_DBCN_WRITE_BYTE)
		sbi_return(v, call(v, fid, a));
	else if (!write_byte(v, a))
		again(v);
}
