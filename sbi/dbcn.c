/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DBCN (SBI 3.0, chapter 12): the debug console is the VM's console. Addresses are guest physical;
 * a buffer must lie in the VM's RAM.
 */
#include "guest/vm.h"
#include "sbi/ext.h"

#define CHUNK 256U

/* The buffer's address, if the two halves name one inside RAM. */
static bool buffer(const struct vcpu *v, const u64 *a, gpa_t *out)
{
	*out = GPA(a[1]);
	return !a[2] && (!a[0] || gmem_contains(&v->vm->mem, *out, a[0]));
}

/* Writes no more than one chunk: the caller comes back for the rest, as the specification lets it,
 * and no guest keeps its hart busy here. */
static struct sbi_ret write(struct vcpu *v, const u64 *a)
{
	u64 n = min_u64(a[0], CHUNK);
	char text[CHUNK];
	gpa_t at;

	if (!buffer(v, a, &at))
		return SBI_RET(SBI_ERR_INVALID_PARAM, 0);
	if (!n)
		return SBI_RET(SBI_SUCCESS, 0);
	if (gmem_read(&v->vm->mem, at, text, n))
		return SBI_RET(SBI_ERR_FAILED, 0);
	vconsole_write(&v->vm->console, text, n);
	return SBI_RET(SBI_SUCCESS, n);
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
	char byte = (char)a[0];

	switch (fid) {
	case SBI_DBCN_WRITE: return write(v, a);
	case SBI_DBCN_READ: return read(v, a);
	case SBI_DBCN_WRITE_BYTE:
		vconsole_write(&v->vm->console, &byte, 1);
		return SBI_RET(SBI_SUCCESS, 0);
	default: return SBI_RET(SBI_ERR_NOT_SUPPORTED, 0);
	}
}

void sbi_dbcn(struct vcpu *v, u64 fid, const u64 *a)
{
	sbi_return(v, call(v, fid, a));
}
