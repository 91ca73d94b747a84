/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers of the Supervisor Binary Interface, version 3.0, for both sides of it: the calls down to
 * the firmware and the extensions limen serves. Names are the specification's.
 */
#ifndef ARCH_RISCV_SBI_H
#define ARCH_RISCV_SBI_H

/* Chapter 3, "Binary Encoding": standard error codes. */
#define SBI_SUCCESS		  0
#define SBI_ERR_FAILED		  (-1)
#define SBI_ERR_NOT_SUPPORTED	  (-2)
#define SBI_ERR_INVALID_PARAM	  (-3)
#define SBI_ERR_DENIED		  (-4)
#define SBI_ERR_INVALID_ADDRESS	  (-5)
#define SBI_ERR_ALREADY_AVAILABLE (-6)
#define SBI_ERR_ALREADY_STARTED	  (-7)
#define SBI_ERR_ALREADY_STOPPED	  (-8)
#define SBI_ERR_NO_SHMEM	  (-9)
#define SBI_ERR_INVALID_STATE	  (-10)
#define SBI_ERR_BAD_RANGE	  (-11)
#define SBI_ERR_TIMEOUT		  (-12)
#define SBI_ERR_IO		  (-13)
#define SBI_ERR_DENIED_LOCKED	  (-14)

/* What every call leaves in a0 and a1. */
struct sbi_ret {
	long error; /* SBI_SUCCESS or SBI_ERR_* */
	long value;
};

/* Spec version word: bit 31 zero, major in 30:24, minor in 23:0. */
#define SBI_VERSION(major, minor) (((major) << 24) | (minor))
#define SBI_VERSION_MAJOR(v)	  (((v) >> 24) & 0x7f)
#define SBI_VERSION_MINOR(v)	  ((v)&0xffffff)

/* Extension ids. */
#define SBI_EXT_0_1_SET_TIMER		   0x00
#define SBI_EXT_0_1_CONSOLE_PUTCHAR	   0x01
#define SBI_EXT_0_1_CONSOLE_GETCHAR	   0x02
#define SBI_EXT_0_1_CLEAR_IPI		   0x03
#define SBI_EXT_0_1_SEND_IPI		   0x04
#define SBI_EXT_0_1_REMOTE_FENCE_I	   0x05
#define SBI_EXT_0_1_REMOTE_SFENCE_VMA	   0x06
#define SBI_EXT_0_1_REMOTE_SFENCE_VMA_ASID 0x07
#define SBI_EXT_0_1_SHUTDOWN		   0x08
#define SBI_EXT_BASE			   0x10
#define SBI_EXT_TIME			   0x54494d45
#define SBI_EXT_IPI			   0x735049
#define SBI_EXT_RFENCE			   0x52464e43
#define SBI_EXT_HSM			   0x48534d
#define SBI_EXT_SRST			   0x53525354
#define SBI_EXT_PMU			   0x504d55
#define SBI_EXT_DBCN			   0x4442434e
#define SBI_EXT_SUSP			   0x53555350
#define SBI_EXT_STA			   0x535441
#define SBI_EXT_FWFT			   0x46574654

/* BASE */
#define SBI_BASE_GET_SPEC_VERSION 0
#define SBI_BASE_GET_IMPL_ID	  1
#define SBI_BASE_GET_IMPL_VERSION 2
#define SBI_BASE_PROBE_EXTENSION  3
#define SBI_BASE_GET_MVENDORID	  4
#define SBI_BASE_GET_MARCHID	  5
#define SBI_BASE_GET_MIMPID	  6

/* TIME, IPI */
#define SBI_TIME_SET_TIMER 0
#define SBI_IPI_SEND_IPI   0

/* RFENCE */
#define SBI_RFENCE_REMOTE_FENCE_I	   0
#define SBI_RFENCE_REMOTE_SFENCE_VMA	   1
#define SBI_RFENCE_REMOTE_SFENCE_VMA_ASID  2
#define SBI_RFENCE_REMOTE_HFENCE_GVMA_VMID 3
#define SBI_RFENCE_REMOTE_HFENCE_GVMA	   4
#define SBI_RFENCE_REMOTE_HFENCE_VVMA_ASID 5
#define SBI_RFENCE_REMOTE_HFENCE_VVMA	   6

/* HSM: functions, and the states hart_get_status tells. */
#define SBI_HSM_START		      0
#define SBI_HSM_STOP		      1
#define SBI_HSM_GET_STATUS	      2
#define SBI_HSM_SUSPEND		      3
#define SBI_HSM_STATE_STARTED	      0
#define SBI_HSM_STATE_STOPPED	      1
#define SBI_HSM_STATE_START_PENDING   2
#define SBI_HSM_STATE_STOP_PENDING    3
#define SBI_HSM_STATE_SUSPENDED	      4
#define SBI_HSM_STATE_SUSPEND_PENDING 5
#define SBI_HSM_STATE_RESUME_PENDING  6

/* SRST */
#define SBI_SRST_SYSTEM_RESET	       0
#define SBI_SRST_TYPE_SHUTDOWN	       0
#define SBI_SRST_TYPE_COLD_REBOOT      1
#define SBI_SRST_TYPE_WARM_REBOOT      2
#define SBI_SRST_REASON_NONE	       0
#define SBI_SRST_REASON_SYSTEM_FAILURE 1

/* PMU: functions, flags, types of events (event_idx bits 19:16), firmware events. */
#define SBI_PMU_NUM_COUNTERS	   0
#define SBI_PMU_COUNTER_GET_INFO   1
#define SBI_PMU_COUNTER_CONFIG	   2
#define SBI_PMU_COUNTER_START	   3
#define SBI_PMU_COUNTER_STOP	   4
#define SBI_PMU_COUNTER_FW_READ	   5
#define SBI_PMU_COUNTER_FW_READ_HI 6
#define SBI_PMU_SNAPSHOT_SET_SHMEM 7
#define SBI_PMU_EVENT_GET_INFO	   8

#define SBI_PMU_CFG_SKIP_MATCH	    0x01
#define SBI_PMU_CFG_CLEAR_VALUE	    0x02
#define SBI_PMU_CFG_AUTO_START	    0x04
#define SBI_PMU_CFG_SET_VUINH	    0x08
#define SBI_PMU_CFG_SET_VSINH	    0x10
#define SBI_PMU_CFG_SET_UINH	    0x20
#define SBI_PMU_CFG_SET_SINH	    0x40
#define SBI_PMU_CFG_SET_MINH	    0x80
#define SBI_PMU_CFG_ALL		    0xff
#define SBI_PMU_START_SET_INIT	    0x1
#define SBI_PMU_START_INIT_SNAPSHOT 0x2
#define SBI_PMU_STOP_RESET	    0x1
#define SBI_PMU_STOP_TAKE_SNAPSHOT  0x2

/* Its width means nothing to the specification, but to Linux, which takes differences modulo that. */
#define SBI_PMU_INFO_FIRMWARE		(1UL << 63 | 63UL << 12)
/* width: one less than its bits. */
#define SBI_PMU_INFO_CSR(number, width) ((number) | (u64)(width) << 12)
#define SBI_PMU_INFO_NUMBER(info)	((info)&0xfff)
#define SBI_PMU_INFO_WIDTH(info)	((info) >> 12 & 63)

#define SBI_PMU_HW_CPU_CYCLES	0x00001
#define SBI_PMU_HW_INSTRUCTIONS 0x00002

#define SBI_PMU_EVENT_TYPE(idx) ((idx) >> 16)
#define SBI_PMU_EVENT_CODE(idx) ((idx)&0xffff)
#define SBI_PMU_EVENT_BITS	0xfffffU
#define SBI_PMU_TYPE_FW		15

#define SBI_PMU_FW_MISALIGNED_LOAD  0
#define SBI_PMU_FW_MISALIGNED_STORE 1
#define SBI_PMU_FW_ACCESS_LOAD	    2
#define SBI_PMU_FW_ACCESS_STORE	    3
#define SBI_PMU_FW_ILLEGAL_INSN	    4
#define SBI_PMU_FW_SET_TIMER	    5
#define SBI_PMU_FW_IPI_SENT	    6
#define SBI_PMU_FW_IPI_RECEIVED	    7
#define SBI_PMU_FW_FENCE_I_SENT	    8
#define SBI_PMU_FW_FENCE_I_RECEIVED 9
#define SBI_PMU_FW_SFENCE_VMA_SENT  10
#define SBI_PMU_FW_SFENCE_ASID_SENT 12
#define SBI_PMU_FW_EVENTS	    22 /* standard ones: 0 to 21 */

/* DBCN */
#define SBI_DBCN_WRITE	    0
#define SBI_DBCN_READ	    1
#define SBI_DBCN_WRITE_BYTE 2

/* SUSP */
#define SBI_SUSP_SYSTEM_SUSPEND 0
#define SBI_SUSP_SUSPEND_TO_RAM 0

/* STA */
#define SBI_STA_SET_SHMEM 0

/* FWFT: functions, feature types that are not reserved, flags of set. */
#define SBI_FWFT_SET		       0
#define SBI_FWFT_GET		       1
#define SBI_FWFT_MISALIGNED_EXC_DELEG  0
#define SBI_FWFT_LANDING_PAD	       1
#define SBI_FWFT_SHADOW_STACK	       2
#define SBI_FWFT_DOUBLE_TRAP	       3
#define SBI_FWFT_PTE_AD_HW_UPDATING    4
#define SBI_FWFT_POINTER_MASKING_PMLEN 5
#define SBI_FWFT_SET_LOCK	       0x1

#endif
