/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floating-point and vector registers from and to memory. sstatus.FS and VS must be on. The rest of
 * the guest is built without either, so nothing else touches them.
 */

	.option	arch, +f, +d, +v
	.text

/* void fp_load(const u64 f[32], u64 fcsr) */
	.globl	fp_load
fp_load:
	.irp	r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fld	f\r, 8 * \r(a0)
	.endr
	csrw	fcsr, a1
	ret

/* u64 fp_save(u64 f[32]): fcsr */
	.globl	fp_save
fp_save:
	.irp	r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	fsd	f\r, 8 * \r(a0)
	.endr
	csrr	a0, fcsr
	ret

/* void fp_touch(void): one instruction that reads fcsr */
	.globl	fp_touch
fp_touch:
	csrr	a0, fcsr
	ret

/* void fp_dirty(void): one instruction that writes a register */
	.globl	fp_dirty
fp_dirty:
	fmv.d.x	f0, zero
	ret

/* void fp_set_f9(u64 bits), void fp_set_fcsr(u64 fcsr): that and no more */
	.globl	fp_set_f9
fp_set_f9:
	fmv.d.x	f9, a0
	ret
	.globl	fp_set_fcsr
fp_set_fcsr:
	csrw	fcsr, a0
	ret

/* void fp_raise_invalid(void): fcsr's flag, by a comparison; f10 is not a number */
	.globl	fp_raise_invalid
fp_raise_invalid:
	flt.d	a0, f10, f10
	ret

/* u64 vec_bytes(void): the length of a vector register */
	.globl	vec_bytes
vec_bytes:
	csrr	a0, vlenb
	ret

/* void vec_load(const u8 *v, u64 vl, u64 vtype, u64 vcsr): 32 registers of vlenb bytes */
	.globl	vec_load
vec_load:
	csrw	vstart, zero
	csrr	t0, vlenb
	slli	t0, t0, 3
	vl8re8.v v0, (a0)
	add	a0, a0, t0
	vl8re8.v v8, (a0)
	add	a0, a0, t0
	vl8re8.v v16, (a0)
	add	a0, a0, t0
	vl8re8.v v24, (a0)
	csrw	vcsr, a3
	vsetvl	zero, a1, a2
	ret

/* void vec_save(u8 *v, u64 csrs[4]): registers, then vl, vtype, vcsr, vstart, which is 0 afterwards */
	.globl	vec_save
vec_save:
	csrr	t0, vl
	sd	t0, 0(a1)
	csrr	t0, vtype
	sd	t0, 8(a1)
	csrr	t0, vcsr
	sd	t0, 16(a1)
	csrr	t0, vstart
	sd	t0, 24(a1)
	csrw	vstart, zero
	csrr	t0, vlenb
	slli	t0, t0, 3
	vs8r.v	v0, (a0)
	add	a0, a0, t0
	vs8r.v	v8, (a0)
	add	a0, a0, t0
	vs8r.v	v16, (a0)
	add	a0, a0, t0
	vs8r.v	v24, (a0)
	ret

/* void vec_set_v9(const u8 *v), vec_set_vl(u64 vl, u64 vtype), vec_set_vxrm(u64 vxrm),
 * vec_set_vxsat(u64 vxsat), vec_set_vstart(u64 vstart): that and no more */
	.globl	vec_set_v9
vec_set_v9:
	vl1re8.v v9, (a0)
	ret
	.globl	vec_set_vl
vec_set_vl:
	vsetvl	zero, a0, a1
	ret
	.globl	vec_set_vxrm
vec_set_vxrm:
	csrw	vxrm, a0
	ret
	.globl	vec_set_vxsat
vec_set_vxsat:
	csrw	vxsat, a0
	ret
	.globl	vec_set_vstart
vec_set_vstart:
	csrw	vstart, a0
	ret
