/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The NS16550A model. See vuart.h.
 *
 * Each access changes registers under the lock, then works out the interrupt line anew, then drops
 * the lock and lets the host side know what there is to know.
 *
 * Invariants, under the lock: irq_high says whether IIR would show a cause; count is at most 16,
 * and 1 while the FIFO is off; bad counts the characters in the FIFO that carry errors.
 */
#include "guest/dev/vuart.h"

#include "guest/dev/vuart_regs.h"

#define MSR_INPUTS (UART_MSR_CTS | UART_MSR_DSR | UART_MSR_RI | UART_MSR_DCD)
#define MSR_DELTAS (UART_MSR_DCTS | UART_MSR_DDSR | UART_MSR_TERI | UART_MSR_DDCD)

/* The modem's inputs: held as a connected terminal has them, or the outputs in loopback. */
static u8 modem_inputs(const struct vuart *u)
{
	u8 in = 0;

	if (!(u->mcr & UART_MCR_LOOP))
		return UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD;
	in |= u->mcr & UART_MCR_RTS ? UART_MSR_CTS : 0;
	in |= u->mcr & UART_MCR_DTR ? UART_MSR_DSR : 0;
	in |= u->mcr & UART_MCR_OUT1 ? UART_MSR_RI : 0;
	in |= u->mcr & UART_MCR_OUT2 ? UART_MSR_DCD : 0;
	return in;
}

/* Takes the inputs over into MSR and notes what changed; of RI only its end counts. */
static void update_modem(struct vuart *u)
{
	u8 now = modem_inputs(u);
	u8 changed = (u->msr ^ now) & MSR_INPUTS;

	if (now & UART_MSR_RI)
		changed &= (u8)~UART_MSR_RI;
	/* A delta stands four bits under its input. */
	u->msr = (u8)(now | (u->msr & MSR_DELTAS) | changed >> 4);
}

static bool fifo_on(const struct vuart *u)
{
	return u->fcr & UART_FCR_ENABLE;
}

static u8 fifo_depth(const struct vuart *u)
{
	return fifo_on(u) ? VUART_FIFO : 1;
}

static u8 trigger_level(const struct vuart *u)
{
	static const u8 level[] = {1, 4, 8, 14};

	return fifo_on(u) ? level[u->fcr >> 6] : 1;
}

static void rx_clear(struct vuart *u)
{
	u->head = 0;
	u->count = 0;
	u->bad = 0;
}

static bool rx_push(struct vuart *u, u8 byte, u8 errors)
{
	if (u->count == fifo_depth(u))
		return false;
	u->rx[(u->head + u->count) % VUART_FIFO] = (struct vuart_char){byte, errors};
	u->count++;
	u->bad += errors != 0;
	return true;
}

/* The receiver buffer register: 0 when there is nothing. */
static u8 rx_pop(struct vuart *u)
{
	struct vuart_char c;

	if (!u->count)
		return 0;
	c = u->rx[u->head];
	u->head = (u->head + 1) % VUART_FIFO;
	u->count--;
	u->bad -= c.errors != 0;
	return c.byte;
}

/* A byte looped back that finds no room is lost from a FIFO, and replaces what a register holds. */
static __cold void loop_back(struct vuart *u, u8 byte)
{
	if (rx_push(u, byte, 0))
		return;
	u->overrun = true;
	if (!fifo_on(u)) {
		rx_clear(u);
		rx_push(u, byte, 0);
	}
}

/* Errors the guest can see: those of the character it would read next, and an overrun. */
static u8 line_errors(const struct vuart *u)
{
	u8 errors = u->count ? u->rx[u->head].errors : 0;

	return u->overrun ? errors | UART_LSR_OE : errors;
}

static u8 line_status(const struct vuart *u)
{
	u8 lsr = line_errors(u);

	if (!u->tx_full)
		lsr |= UART_LSR_THRE | UART_LSR_TEMT;
	if (u->count)
		lsr |= UART_LSR_DR;
	if (u->bad && fifo_on(u))
		lsr |= UART_LSR_FIFOERR;
	return lsr;
}

/* Reading LSR clears the errors it shows. */
static u8 read_lsr(struct vuart *u)
{
	u8 lsr = line_status(u);

	u->overrun = false;
	if (u->count && u->rx[u->head].errors) {
		u->rx[u->head].errors = 0;
		u->bad--;
	}
	return lsr;
}

static u8 read_msr(struct vuart *u)
{
	u8 msr = u->msr;

	u->msr &= (u8)~MSR_DELTAS;
	return msr;
}

/* The cause of highest priority, as IIR shows it (data sheet, table "Interrupt Control
 * Functions"). */
static __always_inline u8 interrupt_id(const struct vuart *u)
{
	if (!u->ier)
		return UART_IIR_NONE;
	if ((u->ier & UART_IER_RLSI) && line_errors(u))
		return UART_IIR_RLSI;
	if ((u->ier & UART_IER_RDI) && u->count)
		return u->count >= trigger_level(u) ? UART_IIR_RDI : UART_IIR_TIMEOUT;
	if ((u->ier & UART_IER_THRI) && u->thr_event)
		return UART_IIR_THRI;
	if ((u->ier & UART_IER_MSI) && (u->msr & MSR_DELTAS))
		return UART_IIR_MSI;
	return UART_IIR_NONE;
}

/* Reading IIR while it shows "transmitter empty" is what clears that cause, and only then. */
static u8 read_iir(struct vuart *u)
{
	u8 id = interrupt_id(u);

	if (id == UART_IIR_THRI)
		u->thr_event = false;
	return fifo_on(u) ? id | UART_IIR_FIFO : id;
}

static __always_inline void update_irq(struct vuart *u)
{
	bool high = interrupt_id(u) != UART_IIR_NONE;

	if (high == u->irq_high)
		return;
	u->irq_high = high;
	virq_set(&u->irq, high);
}

/* Enabling the interrupt while the transmitter is empty raises it: drivers start to send that way. */
static void write_ier(struct vuart *u, u8 val)
{
	u8 rising = (u8)(val & ~u->ier);

	u->ier = val & UART_IER_ALL;
	if (rising & UART_IER_THRI)
		u->thr_event = !u->tx_full;
}

/* Turning the FIFO on or off empties it; without the enable bit the others are not taken. */
static __cold void write_fcr(struct vuart *u, u8 val)
{
	bool flip = (val ^ u->fcr) & UART_FCR_ENABLE;

	if (flip || ((val & UART_FCR_ENABLE) && (val & UART_FCR_CLEAR_RX)))
		rx_clear(u);
	u->fcr = val & UART_FCR_ENABLE ? val & (UART_FCR_ENABLE | UART_FCR_TRIGGER) : 0;
}

static __cold void write_mcr(struct vuart *u, u8 val)
{
	u->mcr = val & UART_MCR_ALL;
	update_modem(u);
}

/* A byte to send. The transmitter is empty again at once, if there is room outside. */
static void write_thr(struct vuart *u, u8 val)
{
	if (u->mcr & UART_MCR_LOOP)
		loop_back(u, val);
	else
		u->tx_full = !u->ops->tx(u, val);
	u->thr_event = !u->tx_full;
}

static __always_inline u8 read_locked(struct vuart *u, unsigned int reg)
{
	bool dlab = u->lcr & UART_LCR_DLAB;

	switch (reg) {
	case UART_RBR: return dlab ? u->dll : rx_pop(u);
	case UART_IER: return dlab ? u->dlm : u->ier;
	case UART_IIR: return read_iir(u);
	case UART_LCR: return u->lcr;
	case UART_MCR: return u->mcr;
	case UART_LSR: return read_lsr(u);
	case UART_MSR: return read_msr(u);
	default: return u->scr;
	}
}

static void write_divisor(struct vuart *u, unsigned int reg, u8 val)
{
	if (reg == UART_DLL)
		u->dll = val;
	else
		u->dlm = val;
}

/* LSR and MSR are read-only. */
static __always_inline void write_locked(struct vuart *u, unsigned int reg, u8 val)
{
	if ((u->lcr & UART_LCR_DLAB) && reg <= UART_DLM) {
		write_divisor(u, reg, val);
		return;
	}
	switch (reg) {
	case UART_THR: write_thr(u, val); break;
	case UART_IER: write_ier(u, val); break;
	case UART_FCR: write_fcr(u, val); break;
	case UART_LCR: u->lcr = val; break;
	case UART_MCR: write_mcr(u, val); break;
	case UART_SCR: u->scr = val; break;
	default: break;
	}
}

/* Is it time to tell the host side that there is room? Once for each refusal. */
static bool take_room(struct vuart *u)
{
	bool room = u->refused && !u->count && !(u->mcr & UART_MCR_LOOP);

	if (room)
		u->refused = false;
	return room;
}

static void tell_room(struct vuart *u, bool room)
{
	if (room && u->ops->rx_room)
		u->ops->rx_room(u);
}

static __always_inline u8 read_reg(struct vuart *u, unsigned int reg)
{
	unsigned long flags = spin_lock_irqsave(&u->lock);
	u8 val = read_locked(u, reg % VUART_SIZE);
	bool room = take_room(u);

	update_irq(u);
	spin_unlock_irqrestore(&u->lock, flags);
	tell_room(u, room);
	return val;
}

static __always_inline void write_reg(struct vuart *u, unsigned int reg, u8 val)
{
	unsigned long flags = spin_lock_irqsave(&u->lock);
	bool room;

	write_locked(u, reg % VUART_SIZE, val);
	room = take_room(u);
	update_irq(u);
	spin_unlock_irqrestore(&u->lock, flags);
	tell_room(u, room);
}

void vuart_write(struct vuart *u, unsigned int reg, u8 val)
{
	write_reg(u, reg, val);
}

/* In loopback the receiver does not listen to the outside. */
static bool receive_one(struct vuart *u, u8 byte, u8 errors)
{
	bool taken = !(u->mcr & UART_MCR_LOOP) && rx_push(u, byte, errors);

	if (!taken)
		u->refused = true;
	return taken;
}

size_t vuart_receive(struct vuart *u, const u8 *bytes, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&u->lock);
	size_t i = 0;

	while (i < n && receive_one(u, bytes[i], 0))
		i++;
	update_irq(u);
	spin_unlock_irqrestore(&u->lock, flags);
	return i;
}

void vuart_sent(struct vuart *u)
{
	unsigned long flags = spin_lock_irqsave(&u->lock);

	if (u->tx_full)
		u->thr_event = true;
	u->tx_full = false;
	update_irq(u);
	spin_unlock_irqrestore(&u->lock, flags);
}

size_t vuart_take(struct vuart *u, u8 *bytes, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&u->lock);
	size_t i = 0;
	bool room;

	while (i < n && u->count)
		bytes[i++] = rx_pop(u);
	room = take_room(u);
	update_irq(u);
	spin_unlock_irqrestore(&u->lock, flags);
	tell_room(u, room);
	return i;
}

enum err vuart_receive_break(struct vuart *u)
{
	unsigned long flags = spin_lock_irqsave(&u->lock);
	/* A break is a character of nothing but zeros without its stop bit. */
	bool taken = receive_one(u, 0, UART_LSR_BI | UART_LSR_FE);

	update_irq(u);
	spin_unlock_irqrestore(&u->lock, flags);
	return taken ? OK : ERR_AGAIN;
}

static enum err access_valid(u64 off, unsigned int width)
{
	if (width != 1)
		return ERR_INVAL;
	return off < VUART_SIZE ? OK : ERR_RANGE;
}

static enum err vuart_mmio_read(void *dev, u64 off, unsigned int width, u64 *val)
{
	enum err e = access_valid(off, width);

	if (!e)
		*val = read_reg(dev, (unsigned int)off);
	return e;
}

static enum err vuart_mmio_write(void *dev, u64 off, unsigned int width, u64 *val)
{
	enum err e = access_valid(off, width);

	if (!e)
		write_reg(dev, (unsigned int)off, (u8)*val);
	return e;
}

/* As the bus does it: for the few readers within limen one more copy of read_reg() is too much. */
u8 vuart_read(struct vuart *u, unsigned int reg)
{
	u64 val = 0;

	(void)vuart_mmio_read(u, reg % VUART_SIZE, 1, &val);
	return (u8)val;
}

const struct mmio_ops vuart_mmio_ops = {.read = vuart_mmio_read, .write = vuart_mmio_write};

/* What outside has no room for it does not have afterwards either. */
static void reset_locked(struct vuart *u)
{
	u->ier = u->fcr = u->lcr = u->mcr = u->scr = u->dlm = 0;
	u->dll = 1;
	u->overrun = u->thr_event = false;
	rx_clear(u);
	u->msr = modem_inputs(u);
}

void vuart_init(struct vuart *u, const struct vuart_ops *ops, void *arg)
{
	*u = (struct vuart){.lock = SPINLOCK_INIT("vuart"), .ops = ops, .arg = arg};
	reset_locked(u);
}

void vuart_reset(struct vuart *u)
{
	unsigned long flags = spin_lock_irqsave(&u->lock);
	bool room;

	reset_locked(u);
	room = take_room(u);
	update_irq(u);
	spin_unlock_irqrestore(&u->lock, flags);
	tell_room(u, room);
}
