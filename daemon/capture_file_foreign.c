/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of formats that are not read, so that whoever brings such a file is told what it is and what to do.
 *
 * Called by capture_file.c when a file is neither pcap nor pcapng. It must not look behind the octets it is given.
 */
#include "capture_file_walk.h"

struct signature {
	const char *octets; /* what the file starts with, or has at `at` */
	size_t length;      /* octets of it */
	const char *name;   /* of the format */
	const char *remedy; /* what to do, see below */
};

/* "%s" stands for the file's name. */
#define CONVERT "convert it to pcapng first: editcap -F pcapng '%s' new.pcapng"
#define UNPACK "unpack it first"

#define SIGNATURE(text, name, remedy)                                                                                  \
	{                                                                                                              \
		text, sizeof(text) - 1, name, remedy                                                                   \
	}

static const struct signature signatures[] = {
	SIGNATURE("snoop\0\0\0", "snoop (Solaris)", CONVERT),
	SIGNATURE("btsnoop\0", "btsnoop (Bluetooth)", CONVERT),
	SIGNATURE("iptrace 1.0", "iptrace (AIX)", CONVERT),
	SIGNATURE("iptrace 2.0", "iptrace (AIX)", CONVERT),
	SIGNATURE("RTSS", "Microsoft Network Monitor 1", CONVERT),
	SIGNATURE("GMBU", "Microsoft Network Monitor 2", CONVERT),
	SIGNATURE("XCP\0", "NetXRay or Sniffer for Windows", CONVERT),
	SIGNATURE("VL\0\0", "NetXRay 1", CONVERT),
	SIGNATURE("TRSNIFF data    \x1a", "Sniffer for DOS", CONVERT),
	SIGNATURE("\x7fver", "OmniPeek", CONVERT),
	SIGNATURE("\x05VNF", "Visual Networks", CONVERT),
	SIGNATURE("EyeSDN", "EyeSDN", CONVERT),
	SIGNATURE("\x54\x52\x00\x64\x00", "nettl (HP-UX)", CONVERT),
	SIGNATURE("\x42\xd2\x00\x34\x12\x66\x22\x88", "RADCOM", CONVERT),
	SIGNATURE("\xaa\xaa\xaa\xaa", "5Views", CONVERT),
	SIGNATURE("\xac\x01\x00\x1c", "IXIA lcap", CONVERT),
	SIGNATURE("\xab\x01\x00\x1c", "IXIA lcap", CONVERT),
	SIGNATURE("\x1c\x00\x01\xac", "IXIA lcap", CONVERT),
	SIGNATURE("\x1c\x00\x01\xab", "IXIA lcap", CONVERT),
	SIGNATURE("\xfd"
		  "7zXZ\0",
		  "xz", UNPACK ": xz -dk '%s'"),
	SIGNATURE("BZh", "bzip2", UNPACK ": bzip2 -dk '%s'"),
	SIGNATURE("\x04\x22\x4d\x18", "lz4", UNPACK ": lz4 -dk '%s'"),
	SIGNATURE("\x89LZO\0", "lzop", UNPACK ": lzop -d '%s'"),
	SIGNATURE("PK\x03\x04", "a zip archive", UNPACK ": unzip '%s'"),
	SIGNATURE("7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK ": 7z x '%s'"),
	SIGNATURE("\x1f\x9d", "compress (.Z)", UNPACK ": uncompress -k '%s'"),
	SIGNATURE("\x1f\x8b", "gzip inside another compression, or of an unknown method", UNPACK),
	SIGNATURE("\x28\xb5\x2f\xfd", "zstd inside another compression", UNPACK),
	SIGNATURE("ElfFile\0", "a Windows event log", "record a packet capture instead"),
	SIGNATURE("\x7f"
		  "ELF",
		  "a program", "give a packet capture"),
	SIGNATURE("%PDF", "PDF", "give a packet capture"),
	SIGNATURE("SQLite format 3\0", "a SQLite database", "give a packet capture"),
};

/* ERF has no signature: a time, a type, flags and lengths that have to agree with one another. */
static bool looks_like_erf(const uint8_t *octets, size_t length)
{
	unsigned type, record, wire;

	if (length < 16)
		return false;
	type = octets[8] & 0x7f;
	record = (unsigned)octets[10] << 8 | octets[11];
	wire = (unsigned)octets[14] << 8 | octets[15];
	/* The seconds (octets 4 to 7, the low one first) are those of 1995 to 2038. */
	return type >= 1 && type <= 48 && record >= 16 && wire > 0 && wire < 16384 && octets[7] >= 0x2f &&
	       octets[7] <= 0x7f && record <= wire + 256;
}

/* Text in ASCII, UTF-8 or an older code: no control character, and mostly ASCII. */
static bool is_text(const uint8_t *octets, size_t length)
{
	size_t plain = 0;

	for (size_t i = 0; i < length; i++) {
		if ((octets[i] < 0x20 && (octets[i] < '\t' || octets[i] > '\r')) || octets[i] == 0x7f)
			return false;
		plain += octets[i] < 0x80;
	}
	return length >= 4 && plain > length / 2;
}

const char *capture_file_foreign(const uint8_t *octets, size_t length, const char **remedy)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		if (length >= signatures[i].length && memcmp(octets, signatures[i].octets, signatures[i].length) == 0) {
			*remedy = signatures[i].remedy;
			return signatures[i].name;
		}
	}
	/* A tar archive cannot be told by its start; text may be a hex dump. */
	if (is_text(octets, length)) {
		*remedy = "if it is a hex dump, make a capture of it first: text2pcap '%s' new.pcap";
		return "text";
	}
	if (looks_like_erf(octets, length)) {
		*remedy = CONVERT;
		return "ERF (Endace), it seems";
	}
	return NULL;
}
