/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live capture: the home of libpcap.
 *
 * Called by a worker's loop. libpcap gives a ring block back to the kernel as soon as its last packet was handed to the
 * callback, so frames are copied into an arena that holds a batch. Nothing here blocks: the ring is asked for
 * what it has. It must not send, and it keeps no frame longer than its batch.
 */
#include "capture.h"

#include "capture_filter.h"
#include "stopwatch.h"

#include <errno.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 32,
	SNAP_LENGTH = 262144,
	ARENA = 4 * SNAP_LENGTH, /* octets; a batch ends early where frames are that large */
	TIMEOUT = 20,            /* milliseconds until the kernel hands over a block that is not full */
	LOOK_EVERY = 1000,       /* milliseconds between two looks at the interface while nothing comes */
	NAMES_SHOWN = 8,         /* interfaces listed in a message */
	FRAME_HEAD =
	    86, /* octets that a frame takes in the ring beside its own: packet(7)'s header, address, alignment */
	WINDOW = 5000, /* milliseconds; how full the ring was is told of the present and the one before */
};

struct batch {
	struct frame *frames; /* their bytes are in the arena; owned */
	unsigned room;        /* frames that there may be */
	unsigned count;       /* frames so far */
	size_t used;          /* octets of the arena so far */
};

/* How full the ring is. It cannot be looked into, so at some moment a mark is set, and what is taken out later but came before that
 * moment waited then. */
struct fill {
	bool marked;
	int64_t mark_ns;      /* wall clock, as of frames */
	uint64_t waiting;     /* octets of the mark so far */
	uint64_t window[2];   /* the most within the present window, and the one before */
	int64_t window_began; /* milliseconds, monotonic */
	uint64_t size, peak;
};

struct capture {
	pcap_t *pcap;                /* owned */
	uint8_t *arena;              /* owned; ARENA octets */
	int descriptor;              /* of the ring's socket; owned by pcap */
	int probe;                   /* a socket to ask for the interface's flags; owned, -1 for "any" */
	unsigned number;             /* the interface's index in the system, 0 for "any" */
	uint16_t index;              /* what frame.interface gets */
	uint16_t link_type;          /* LINKTYPE_ number */
	uint32_t nanoseconds;        /* per unit of the fraction in libpcap's time stamps */
	int64_t looked;              /* when the interface was looked at last, milliseconds, monotonic */
	struct capture_stats totals; /* since the start; libpcap's own counters have 32 bits */
	struct pcap_stat last;       /* what libpcap said last */
	char interface[IFNAMSIZ];    /* name */
	struct batch batch;          /* what is being collected */
	struct fill fill;
	struct stopwatch watch;
	int64_t batch_began; /* when a batch that is timed began; 0: it is not */
	/* Set while capture_dispatch() runs. */
	void (*each)(void *context, const struct frame *frames, unsigned count);
	void *context;
};

static void set_error(struct capture_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void set_error(struct capture_error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
}

/* The DLT_ numbers that differ from the LINKTYPE_ number of the same header. */
static uint16_t link_type_of(int data_link)
{
	switch (data_link) {
#ifdef DLT_ATM_RFC1483
	case DLT_ATM_RFC1483:
		return 100;
#endif
	case DLT_RAW:
		return 101;
#ifdef DLT_SLIP_BSDOS
	case DLT_SLIP_BSDOS:
		return 102;
#endif
#ifdef DLT_PPP_BSDOS
	case DLT_PPP_BSDOS:
		return 103;
#endif
#ifdef DLT_PFSYNC
	case DLT_PFSYNC:
		return 246;
#endif
	default:
		return (uint16_t)data_link;
	}
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void explain_missing(const char *interface, struct capture_error *error)
{
	struct if_nameindex *all = if_nameindex();
	char names[NAMES_SHOWN * (IFNAMSIZ + 2) + sizeof(" and more")] = "";
	size_t used = 0;
	unsigned count = 0;

	for (struct if_nameindex *one = all; one && one->if_name; one++) {
		if (count++ == NAMES_SHOWN) {
			snprintf(names + used, sizeof(names) - used, " and more");
			break;
		}
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "", one->if_name);
	}
	if (all)
		if_freenameindex(all);
	error->missing = true;
	/* An engine in its sandbox gets no list. */
	set_error(error, "%s: there is no such interface%s%s", interface, names[0] ? "; there are: " : "", names);
}

static void explain_permission(const char *interface, struct capture_error *error)
{
	char program[256];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[length > 0 ? length : 0] = '\0';
	error->permission = true;
	set_error(
	    error,
	    "%s: no permission to capture; that takes the capability CAP_NET_RAW: start it with sudo, or give it to "
	    "the program once: sudo setcap cap_net_raw=ep '%s'",
	    interface, length > 0 ? program : "PROGRAM");
}

/* What pcap_activate() returned below zero. */
static void explain_activation(const struct capture *capture, int status, struct capture_error *error)
{
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		explain_missing(capture->interface, error);
		return;
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		explain_permission(capture->interface, error);
		return;
	case PCAP_ERROR_IFACE_NOT_UP:
		error->missing = true;
		set_error(error, "%s: the interface is down; switch it on with: sudo ip link set %s up",
			  capture->interface, capture->interface);
		return;
	case PCAP_ERROR:
		set_error(error, "%s: cannot capture: %s", capture->interface, pcap_geterr(capture->pcap));
		return;
	default:
		set_error(error, "%s: cannot capture: %s (%s)", capture->interface, pcap_statustostr(status),
			  pcap_geterr(capture->pcap));
		return;
	}
}

/* Everything that has to be set before the ring is made. */
static int activate(pcap_t *pcap, size_t buffer, bool promiscuous)
{
	pcap_set_snaplen(pcap, SNAP_LENGTH);
	pcap_set_timeout(pcap, TIMEOUT);
	/* Immediate mode would fall back to a ring of single frames (TPACKET_V2). */
	pcap_set_immediate_mode(pcap, 0);
	pcap_set_buffer_size(pcap, buffer < INT_MAX ? (int)buffer : INT_MAX);
	pcap_set_promisc(pcap, promiscuous);
	/* Where the system has none, microseconds stay. */
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	return pcap_activate(pcap);
}

/* Has the kernel copy no more of a frame than is worth it. Where that cannot be had, it copies all. */
static void cut_frames(struct capture *capture)
{
	struct capture_filter_step steps[CAPTURE_FILTER_STEPS_MAX];
	struct bpf_insn instructions[CAPTURE_FILTER_STEPS_MAX];
	struct bpf_program program = { .bf_insns = instructions };

	program.bf_len = (unsigned)capture_filter(capture->link_type, steps);
	for (unsigned i = 0; i < program.bf_len; i++)
		instructions[i] =
		    (struct bpf_insn){ steps[i].code, steps[i].when_true, steps[i].when_false, steps[i].value };
	if (program.bf_len > 0)
		(void)pcap_setfilter(capture->pcap, &program);
}

/* Whether the interface is there and up, whatever it is called by now; false with the error set. */
static bool look_at_interface(const struct capture *capture, struct capture_error *error)
{
	struct ifreq request = { .ifr_ifindex = (int)capture->number };

	if (capture->probe < 0)
		return true;
	if (ioctl(capture->probe, SIOCGIFNAME, &request) < 0) {
		error->missing = true;
		set_error(error, "%s: the interface has gone away", capture->interface);
		return false;
	}
	if (ioctl(capture->probe, SIOCGIFFLAGS, &request) == 0 && !(request.ifr_flags & IFF_UP)) {
		error->missing = true;
		set_error(error, "%s: the interface was switched off", capture->interface);
		return false;
	}
	return true;
}

struct capture *capture_open(const char *interface, uint16_t index, size_t buffer, struct capture_error *error)
{
	bool any = strcmp(interface, "any") == 0;
	char text[PCAP_ERRBUF_SIZE] = "";
	struct capture *capture;
	unsigned number = any ? 0 : if_nametoindex(interface);
	int status;

	*error = (struct capture_error){ 0 };
	if (!any && number == 0) {
		explain_missing(interface, error);
		return NULL;
	}
	capture = calloc(1, sizeof(*capture));
	if (!capture) {
		set_error(error, "%s: no memory", interface);
		return NULL;
	}
	capture->probe = -1;
	capture->index = index;
	capture->number = number;
	snprintf(capture->interface, sizeof(capture->interface), "%s", interface);
	capture->arena = malloc(ARENA);
	capture->batch.frames = malloc(BATCH * sizeof(*capture->batch.frames));
	capture->batch.room = BATCH;
	capture->pcap = pcap_create(interface, text);
	if (!capture->arena || !capture->batch.frames || !capture->pcap) {
		set_error(error, "%s: cannot capture: %s", interface,
			  capture->arena && capture->batch.frames ? text : "no memory");
		goto fail;
	}
	/* "any" has no promiscuous mode of its own; libpcap warns and goes on. */
	status = activate(capture->pcap, buffer, !any);
	if (status < 0) {
		explain_activation(capture, status, error);
		goto fail;
	}
	/* Linux has no such interface: libpcap leaves it so where it lacks the memory to ask for the type (1.10.3), and says that all
	 * is well. Every frame would be misread. */
	if (pcap_datalink(capture->pcap) == DLT_NULL) {
		set_error(error, "%s: cannot capture: libpcap could not find out its link type", interface);
		goto fail;
	}
	capture->descriptor = pcap_get_selectable_fd(capture->pcap);
	if (capture->descriptor < 0 || pcap_setnonblock(capture->pcap, 1, text) < 0) {
		set_error(error, "%s: cannot capture without waiting: %s", interface,
			  capture->descriptor < 0 ? "it has no descriptor" : text);
		goto fail;
	}
	capture->link_type = link_type_of(pcap_datalink(capture->pcap));
	capture->nanoseconds = pcap_get_tstamp_precision(capture->pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
	cut_frames(capture);
	if (!any) {
		capture->probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (!look_at_interface(capture, error))
			goto fail;
	}
	capture->looked = capture->fill.window_began = monotonic_ms();
	capture->fill.size = buffer;
	return capture;
fail:
	capture_close(capture);
	return NULL;
}

void capture_widen(struct capture *capture, unsigned frames)
{
	struct frame *more = realloc(capture->batch.frames, frames * sizeof(*more));

	if (!more)
		return;
	capture->batch.frames = more;
	capture->batch.room = frames;
}

int capture_descriptor(const struct capture *capture)
{
	return capture->descriptor;
}

unsigned capture_number(const struct capture *capture)
{
	return capture->number;
}

/* ---- how full the ring is ---- */

static void turn_windows(struct fill *fill, int64_t now)
{
	if (now - fill->window_began < WINDOW)
		return;
	fill->window[1] = now - fill->window_began < 2 * WINDOW ? fill->window[0] : 0;
	fill->window[0] = 0;
	fill->window_began = now;
}

static void mark_fill(struct fill *fill)
{
	struct timespec now;

	if (fill->marked)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	fill->mark_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	fill->waiting = 0;
	fill->marked = true;
}

/* All that waited at the mark was taken. */
static void settle_fill(struct fill *fill)
{
	uint64_t waited = fill->waiting < fill->size ? fill->waiting : fill->size;

	fill->marked = false;
	turn_windows(fill, monotonic_ms());
	if (waited > fill->window[0])
		fill->window[0] = waited;
	if (waited > fill->peak)
		fill->peak = waited;
}

static inline void count_fill(struct fill *fill, int64_t time_ns, uint32_t captured)
{
	if (time_ns > fill->mark_ns)
		settle_fill(fill);
	else
		fill->waiting +=
		    ((uint64_t)captured + FRAME_HEAD + TPACKET_ALIGNMENT - 1) & ~(uint64_t)(TPACKET_ALIGNMENT - 1);
}

/* ---- frames ---- */

static void hand_on(struct capture *capture)
{
	unsigned count = capture->batch.count;

	if (capture->batch_began) {
		stopwatch_add(&capture->totals.read, count, stopwatch_ns() - capture->batch_began);
		capture->batch_began = 0;
	}
	capture->batch.count = 0;
	capture->batch.used = 0;
	if (count > 0)
		capture->each(capture->context, capture->batch.frames, count);
}

static void take_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct capture *capture = (struct capture *)(void *)user;
	struct batch *batch = &capture->batch;
	uint32_t captured = header->caplen < SNAP_LENGTH ? header->caplen : SNAP_LENGTH;
	int64_t time_ns = (int64_t)header->ts.tv_sec * 1000000000 + (int64_t)header->ts.tv_usec * capture->nanoseconds;

	if (batch->count == batch->room || captured > ARENA - batch->used)
		hand_on(capture);
	if (batch->count == 0 && stopwatch_turn(&capture->watch))
		capture->batch_began = stopwatch_ns();
	if (capture->fill.marked)
		count_fill(&capture->fill, time_ns, captured);
	memcpy(capture->arena + batch->used, bytes, captured);
	batch->frames[batch->count++] = (struct frame){
		.bytes = capture->arena + batch->used,
		.captured = captured,
		.length = header->len < captured ? captured : header->len,
		.time_ns = time_ns,
		.link_type = capture->link_type,
		.interface = capture->index,
	};
	/* Frames start at a multiple of 16, as well aligned as in the ring. */
	batch->used += ((size_t)captured + 15) & ~(size_t)15;
}

int capture_dispatch(struct capture *capture, unsigned budget,
		     void (*each)(void *context, const struct frame *frames, unsigned count), void *context,
		     struct capture_error *error)
{
	/* Zero would mean "all there is". */
	int most = budget == 0 ? 1 : budget < INT_MAX ? (int)budget : INT_MAX, taken;

	*error = (struct capture_error){ 0 };
	capture->each = each;
	capture->context = context;
	mark_fill(&capture->fill);
	taken = pcap_dispatch(capture->pcap, most, take_packet, (u_char *)capture);
	hand_on(capture);
	if (capture->fill.marked && taken < most)
		settle_fill(&capture->fill); /* nothing waits any more */
	if (taken > 0)
		return taken;
	if (taken == 0) {
		int64_t now = monotonic_ms();

		/* libpcap keeps silent about an interface that was switched off, and some drivers about their end. */
		if (now - capture->looked < LOOK_EVERY)
			return 0;
		capture->looked = now;
		return look_at_interface(capture, error) ? 0 : -1;
	}
	/* What libpcap says of a lost interface varies by version: look for ourselves first. */
	if (look_at_interface(capture, error))
		set_error(error, "%s: capture failed: %s", capture->interface, pcap_geterr(capture->pcap));
	return -1;
}

/* libpcap does not tell how often the ring was full. The kernel counts from one question to the next, whoever asks: so what it says
 * here is counted here, and libpcap hears of the rest. */
static void read_ring(struct capture *capture)
{
	struct tpacket_stats_v3 since = { 0 };
	socklen_t length = sizeof(since);

	if (getsockopt(capture->descriptor, SOL_PACKET, PACKET_STATISTICS, &since, &length) != 0)
		return;
	capture->totals.received += since.tp_packets;
	capture->totals.dropped += since.tp_drops;
	if (length == sizeof(since))
		capture->totals.ring_full += since.tp_freeze_q_cnt;
}

void capture_read_stats(struct capture *capture, struct capture_stats *stats)
{
	struct pcap_stat now;

	read_ring(capture);
	if (pcap_stats(capture->pcap, &now) == 0) {
		/* Differences of unsigned numbers stay right when a counter wraps. */
		capture->totals.received += now.ps_recv - capture->last.ps_recv;
		capture->totals.dropped += now.ps_drop - capture->last.ps_drop;
		/* Read from files of the interface, which start again when its driver does; where they cannot be read any
		 * more libpcap counts back by all that they said, and wraps. */
		if ((int32_t)(now.ps_ifdrop - capture->last.ps_ifdrop) > 0)
			capture->totals.interface_dropped += now.ps_ifdrop - capture->last.ps_ifdrop;
		capture->last = now;
	}
	turn_windows(&capture->fill, monotonic_ms());
	*stats = capture->totals;
	stats->ring = capture->fill.size;
	stats->ring_peak = capture->fill.peak;
	stats->ring_used =
	    capture->fill.window[0] > capture->fill.window[1] ? capture->fill.window[0] : capture->fill.window[1];
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	if (capture->probe >= 0)
		close(capture->probe);
	free(capture->arena);
	free(capture->batch.frames);
	free(capture);
}

const char *capture_library(void)
{
	return pcap_lib_version();
}
