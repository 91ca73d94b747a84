/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SBI as a guest calls it. Numbers: RISC-V Supervisor Binary Interface Specification, version 3.0.
 */
#ifndef GUEST_RT_SBI_H
#define GUEST_RT_SBI_H

#define SBI_EXT_BASE   0x10
#define SBI_EXT_TIME   0x54494d45
#define SBI_EXT_IPI    0x735049
#define SBI_EXT_RFENCE 0x52464e43
#define SBI_EXT_HSM    0x48534d
#define SBI_EXT_SRST   0x53525354
#define SBI_EXT_PMU    0x504d55
#define SBI_EXT_DBCN   0x4442434e
#define SBI_EXT_SUSP   0x53555350
#define SBI_EXT_CPPC   0x43505043
#define SBI_EXT_NACL   0x4e41434c
#define SBI_EXT_STA    0x535441
#define SBI_EXT_SSE    0x535345
#define SBI_EXT_FWFT   0x46574654
#define SBI_EXT_DBTR   0x44425452
#define SBI_EXT_MPXY   0x4d505859

#define SBI_SUCCESS		  0
#define SBI_ERR_FAILED		  -1
#define SBI_ERR_NOT_SUPPORTED	  -2
#define SBI_ERR_INVALID_PARAM	  -3
#define SBI_ERR_DENIED		  -4
#define SBI_ERR_INVALID_ADDRESS	  -5
#define SBI_ERR_ALREADY_AVAILABLE -6
#define SBI_ERR_ALREADY_STARTED	  -7
#define SBI_ERR_ALREADY_STOPPED	  -8
#define SBI_ERR_NO_SHMEM	  -9
#define SBI_ERR_DENIED_LOCKED	  -14

#define BASE_GET_SPEC_VERSION 0
#define BASE_GET_IMPL_ID      1
#define BASE_GET_IMPL_VERSION 2
#define BASE_PROBE_EXTENSION  3
#define BASE_GET_MVENDORID    4
#define BASE_GET_MARCHID      5
#define BASE_GET_MIMPID	      6

/* Not registered. */
#define LIMEN_IMPL_ID 0x6c6d656e

#define RFENCE_FENCE_I	       0
#define RFENCE_SFENCE_VMA      1
#define RFENCE_SFENCE_VMA_ASID 2
#define RFENCE_HFENCE_FIRST    3
#define RFENCE_HFENCE_LAST     6

#define HSM_HART_START	    0
#define HSM_HART_STOP	    1
#define HSM_HART_GET_STATUS 2
#define HSM_HART_SUSPEND    3

#define HSM_STARTED	    0
#define HSM_STOPPED	    1
#define HSM_START_PENDING   2
#define HSM_STOP_PENDING    3
#define HSM_SUSPENDED	    4
#define HSM_SUSPEND_PENDING 5
#define HSM_RESUME_PENDING  6

#define HSM_SUSPEND_RETENTIVE	  0UL
#define HSM_SUSPEND_NON_RETENTIVE 0x80000000UL

#define DBCN_WRITE	0
#define DBCN_READ	1
#define DBCN_WRITE_BYTE 2

#define PMU_NUM_COUNTERS 0
#define PMU_GET_INFO	 1
#define PMU_CONFIG	 2
#define PMU_START	 3
#define PMU_STOP	 4
#define PMU_FW_READ	 5
#define PMU_FW_READ_HI	 6
#define PMU_SNAPSHOT	 7
#define PMU_EVENT_INFO	 8

#define PMU_CFG_SKIP	   0x01UL
#define PMU_CFG_CLEAR	   0x02UL
#define PMU_CFG_AUTO_START 0x04UL
#define PMU_CFG_SET_UINH   0x20UL
#define PMU_CFG_SET_SINH   0x40UL
#define PMU_START_SET_INIT 1UL
#define PMU_START_SNAPSHOT 2UL
#define PMU_STOP_RESET	   1UL
#define PMU_STOP_SNAPSHOT  2UL

#define FW_ACCESS_LOAD		2
#define FW_ACCESS_STORE		3
#define FW_ILLEGAL_INSN		4
#define FW_SET_TIMER		5
#define FW_IPI_SENT		6
#define FW_IPI_RECEIVED		7
#define FW_FENCE_I_SENT		8
#define FW_FENCE_I_RECEIVED	9
#define FW_SFENCE_VMA_SENT	10
#define FW_SFENCE_VMA_RECEIVED	11
#define FW_SFENCE_ASID_SENT	12
#define FW_SFENCE_ASID_RECEIVED 13

#define SUSP_SYSTEM_SUSPEND 0
#define SUSP_TO_RAM	    0

#define STA_SET_SHMEM 0

#define FWFT_SET 0
#define FWFT_GET 1

#define FWFT_MISALIGNED	  0
#define FWFT_LANDING_PAD  1
#define FWFT_SHADOW_STACK 2
#define FWFT_DOUBLE_TRAP  3
#define FWFT_PTE_AD	  4
#define FWFT_PMLEN	  5
#define FWFT_LOCK	  1UL

#ifndef __ASSEMBLER__

#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

struct sbiret {
	long error;
	long value;
};

static inline struct sbiret sbi6(u64 eid, u64 fid, u64 x0, u64 x1, u64 x2, u64 x3, u64 x4, u64 x5)
{
	register u64 a0 __asm__("a0") = x0;
	register u64 a1 __asm__("a1") = x1;
	register u64 a2 __asm__("a2") = x2;
	register u64 a3 __asm__("a3") = x3;
	register u64 a4 __asm__("a4") = x4;
	register u64 a5 __asm__("a5") = x5;
	register u64 a6 __asm__("a6") = fid;
	register u64 a7 __asm__("a7") = eid;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6), "r"(a7)
			 : "memory");
	return (struct sbiret){(long)a0, (long)a1};
}

/* sbi(eid, fid, args...): absent arguments are 0. */
#define sbi(...)				sbi_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define sbi_(e, f, a0, a1, a2, a3, a4, a5, ...) sbi6(e, f, a0, a1, a2, a3, a4, a5)

static inline struct sbiret sbi_set_timer(u64 t)
{
	return sbi(SBI_EXT_TIME, 0, t);
}

static inline struct sbiret sbi_send_ipi(u64 mask, u64 base)
{
	return sbi(SBI_EXT_IPI, 0, mask, base);
}

static inline struct sbiret sbi_hart_status(u64 id)
{
	return sbi(SBI_EXT_HSM, HSM_HART_GET_STATUS, id);
}

#endif /* __ASSEMBLER__ */
#endif
