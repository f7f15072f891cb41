/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of vendor IDs and how one is looked up in it (see ike_vendor.h).
 *
 * Where a row has a string, its octets are the beginning of that string's hash, which tests/dissectors/check_ike_vendor.c
 * computes again. The other octets are plain text, or were seen on the wire and never explained by their vendor.
 */
#include "ike_vendor.h"

#include <string.h>

/* A row whose octets begin with those of another stands before it: the first that fits is taken. */
static const struct ike_vendor_row rows[] = {
	/* clang-format off */
	{ "strongSwan", "strongSwan",
	  "\x88\x2f\xe5\x6d\x6f\xd2\x0d\xbc\x22\x51\x61\x3b\x2e\xbe\x5b\xeb", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_STRONGSWAN, IKE_VENDOR_REST_NONE },
	{ "Libreswan", NULL,
	  "OE-Libreswan-", 13,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_LIBRESWAN, IKE_VENDOR_REST_TEXT },
	{ "Openswan", NULL,
	  "OSW", 3,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_LIBRESWAN, IKE_VENDOR_REST_TEXT },
	{ "Libreswan or Openswan", NULL,
	  "OE", 2,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_LIBRESWAN, IKE_VENDOR_REST_TEXT },
	{ "Libreswan opportunistic encryption", NULL,
	  "Opportunistic IPsec", 19,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_EXTENSION, IKE_VENDOR_LIBRESWAN, IKE_VENDOR_REST_NONE },
	{ "OpenIKED", NULL,
	  "OpenIKED-", 9,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_TEXT },
	{ "racoon", "KAME/racoon",
	  "\x70\x03\xcb\xc1\x09\x7d\xbe\x9c\x26\x00\xba\x69\x83\xbc\x8b\x35", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "Microsoft Windows", "MS NT5 ISAKMPOAKLEY",
	  "\x1e\x2b\x51\x69\x05\x99\x1c\x7d\x7c\x96\xfc\xbf\xb5\x87\xe4\x61", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_WINDOWS, IKE_VENDOR_REST_U32 },
	{ "GSS-API authentication", "A GSS-API Authentication Method for IKE",
	  "\xad\x2c\x0d\xd0\xb9\xc3\x20\x83\xcc\xba\x25\xb8\x86\x1e\xc4\x55", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_GSSAPI, IKE_VENDOR_REST_NONE },
	{ "GSS-API authentication", "A GSS-API Authentication Method for IKE\n",
	  "\xb4\x6d\x89\x14\xf3\xaa\xa3\xf2\xfe\xde\xb7\xc7\xdb\x29\x43\xca", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_GSSAPI, IKE_VENDOR_REST_NONE },
	{ "GSS-API authentication", "GSSAPI",
	  "\x62\x1b\x04\xbb\x09\x88\x2a\xc1\xe1\x59\x35\xfe\xfa\x24\xae\xee", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_GSSAPI, IKE_VENDOR_REST_NONE },
	{ "Microsoft initial contact", "Vid-Initial-Contact",
	  "\x26\x24\x4d\x38\xed\xdb\x61\xb3\x17\x2a\x36\xe3\xd0\xcf\xb8\x19", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "Microsoft negotiation discovery", "MS-Negotiation Discovery Capable",
	  "\xfb\x1d\xe3\xcd\xf3\x41\xb7\xea\x16\xb7\xe5\xbe\x08\x55\xf1\x20", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "Microsoft cluster", "NLBS_PRESENT",
	  "\x72\x87\x2b\x95\xfc\xda\x2e\xb7\x08\xef\xe3\x22\x11\x9b\x49\x71", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "Microsoft AuthIP", "MS-MamieExists",
	  "\x21\x4c\xa4\xfa\xff\xa7\xf3\x2d\x67\x48\xe5\x30\x33\x95\xae\x83", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "Microsoft CGA", "IKE CGA version 1",
	  "\xe3\xa5\x96\x6a\x76\x37\x9f\xe7\x07\x22\x82\x31\xe5\xce\x86\x52", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "Dead peer detection (RFC 3706)", NULL,
	  "\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57", 14,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_EXTENSION, IKE_VENDOR_DPD, IKE_VENDOR_REST_U8_2 },
	{ "XAUTH", "draft-ietf-ipsra-isakmp-xauth-06.txt",
	  "\x09\x00\x26\x89\xdf\xd6\xb7\x12", 8,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_XAUTH, IKE_VENDOR_REST_ANY },
	{ "Cisco Unity", "CISCO-UNITY",
	  "\x12\xf5\xf2\x8c\x45\x71\x68\xa9\x70\x2d\x9f\xe2\x74\xcc", 14,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_UNITY, IKE_VENDOR_REST_U8_2 },
	{ "Cisco VPN 3000", "ALTIGA GATEWAY",
	  "\x1f\x07\xf7\x0e\xaa\x65\x14\xd3\xb0\xfa\x96\x54\x2a\x50", 14,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_U8_2 },
	{ "Cisco delete with reason", NULL,
	  "CISCO-DELETE-REASON", 19,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "Cisco FlexVPN", NULL,
	  "FLEXVPN-SUPPORTED", 17,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "Cisco dynamic route", NULL,
	  "CISCO-DYNAMIC-ROUTE", 19,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "Cisco VPN revision", NULL,
	  "CISCOVPN-REV-", 13,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_TEXT },
	{ "Cisco", NULL,
	  "CISCO(COPYRIGHT)&", 17,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_TEXT },
	{ "IKE fragmentation", "FRAGMENTATION",
	  "\x40\x48\xb7\xd5\x6e\xbc\xe8\x85\x25\xe7\xde\x7f\x00\xd6\xc2\xd3", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_FRAGMENTATION, IKE_VENDOR_REST_U32 },
	{ "RFC 3947 NAT-Traversal", "RFC 3947",
	  "\x4a\x13\x1c\x81\x07\x03\x58\x45\x5c\x57\x28\xf2\x0e\x95\x45\x2f", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft)", "draft-ietf-ipsec-nat-t-ike",
	  "\x4d\xf3\x79\x28\xe9\xfc\x4f\xd1\xb3\x26\x21\x70\xd5\x15\xc6\x62", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft 00)", "draft-ietf-ipsec-nat-t-ike-00",
	  "\x44\x85\x15\x2d\x18\xb6\xbb\xcd\x0b\xe8\xa8\x46\x95\x79\xdd\xcc", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft 01)", "draft-ietf-ipsec-nat-t-ike-01",
	  "\x16\xf6\xca\x16\xe4\xa4\x06\x6d\x83\x82\x1a\x0f\x0a\xea\xa8\x62", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft 02)", "draft-ietf-ipsec-nat-t-ike-02",
	  "\xcd\x60\x46\x43\x35\xdf\x21\xf8\x7c\xfd\xb2\xfc\x68\xb6\xa4\x48", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft 02)", "draft-ietf-ipsec-nat-t-ike-02\n",
	  "\x90\xcb\x80\x91\x3e\xbb\x69\x6e\x08\x63\x81\xb5\xec\x42\x7b\x1f", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft 03)", "draft-ietf-ipsec-nat-t-ike-03",
	  "\x7d\x94\x19\xa6\x53\x10\xca\x6f\x2c\x17\x9d\x92\x15\x52\x9d\x56", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft 04)", "draft-ietf-ipsec-nat-t-ike-04",
	  "\x99\x09\xb6\x4e\xed\x93\x7c\x65\x73\xde\x52\xac\xe9\x52\xfa\x6b", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft 05)", "draft-ietf-ipsec-nat-t-ike-05",
	  "\x80\xd0\xbb\x3d\xef\x54\x56\x5e\xe8\x46\x45\xd4\xc8\x5c\xe3\xee", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft 06)", "draft-ietf-ipsec-nat-t-ike-06",
	  "\x4d\x1e\x0e\x13\x6d\xea\xfa\x34\xc4\xf3\xea\x9f\x02\xec\x72\x85", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft 07)", "draft-ietf-ipsec-nat-t-ike-07",
	  "\x43\x9b\x59\xf8\xba\x67\x6c\x4c\x77\x37\xae\x22\xea\xb8\xf5\x82", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (draft 08)", "draft-ietf-ipsec-nat-t-ike-08",
	  "\x8f\x8d\x83\x82\x6d\x24\x6b\x6f\xc7\xa8\xa6\xa4\x28\xc1\x1d\xe8", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT-Traversal (test)", "Testing NAT-T RFC",
	  "\xc4\x0f\xee\x00\xd5\xd3\x9d\xdb\x1f\xc7\x62\xe0\x9b\x7c\xfe\xa7", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT traversal (Stenberg, draft 01)", "draft-stenberg-ipsec-nat-traversal-01",
	  "\x27\xba\xb5\xdc\x01\xea\x07\x60\xea\x4e\x31\x90\xac\x27\xc0\xd0", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "NAT traversal (Stenberg, draft 02)", "draft-stenberg-ipsec-nat-traversal-02",
	  "\x61\x05\xc4\x22\xe7\x68\x47\xe4\x3f\x96\x84\x80\x12\x92\xae\xcd", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "ESP in UDP (Huttunen, draft 00)", "draft-huttunen-ipsec-esp-in-udp-00.txt",
	  "\x6a\x74\x34\xc1\x9d\x7e\x36\x34\x80\x90\xa0\x23\x34\xc9\xc8\x05", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "ESP through NAT", "ESPThruNAT",
	  "\x50\x76\x0f\x62\x4c\x63\xe5\xc5\x3e\xea\x38\x6c\x68\x5c\xa0\x83", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_NAT_T, IKE_VENDOR_REST_NONE },
	{ "Check Point", NULL,
	  "\xf4\xed\x19\xe0\xc1\x14\xeb\x51\x6f\xaa\xac\x0e\xe3\x7d\xaf\x28\x07\xb4\x38\x1f", 20,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_ANY },
	{ "Fortinet FortiGate", NULL,
	  "\x82\x99\x03\x17\x57\xa3\x60\x82\xc6\xa6\x21\xde", 12,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_U32 },
	{ "Juniper NetScreen", NULL,
	  "\x9b\x09\x6d\x9a\xc3\x27\x5a\x7d\x6f\xe8\xb9\x1c\x58\x31\x11\xb0\x9e\xfe\xd1\xa0", 20,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_ANY },
	{ "Juniper NetScreen", NULL,
	  "\x92\xd2\x7a\x9e\xcb\x31\xd9\x92\x46\x98\x6d\x34\x53\xd0\xc3\xd5\x7a\x22\x2a\x61", 20,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_ANY },
	{ "Juniper SRX", NULL,
	  "\x69\x93\x69\x22\x87\x41\xc6\xd4\xca\x09\x4c\x93\xe2\x42\xc9\xde\x19\xe7\xb7\xc6", 20,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_ANY },
	{ "Heartbeat", NULL,
	  "HeartBeat_Notify", 16,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_ANY },
	{ "SonicWall", NULL,
	  "\x40\x4b\xf4\x39\x52\x2c\xa3\xf6", 8,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_ANY },
	{ "SonicWall", NULL,
	  "\x5b\x36\x2b\xc8\x20\xf6", 6,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_ANY },
	{ "SafeNet or WatchGuard", NULL,
	  "\xda\x8e\x93\x78", 4,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_U32 },
	{ "SafeNet SoftRemote", NULL,
	  "\x47\xbb\xe7\xc9\x93\xf1\xfc\x13\xb4\xe6\xd0\xdb\x56\x5c\x68\xe5", 16,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_ANY },
	{ "Nortel Contivity", NULL,
	  "BNES", 4,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_U32 },
	{ "TimeStep", NULL,
	  "TIMESTEP", 8,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_ANY },
	{ "OpenPGP", NULL,
	  "OpenPGP10171", 12,
	  IKE_VENDOR_PLAIN, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "Challenge/response (CRACK)", "IKE Challenge/Response for Authenticated Cryptographic Keys",
	  "\xba\x29\x04\x99\xc2\x4e\x84\xe5\x3a\x1d\x83\xa0\x5e\x5f\x00\xc9", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_EXTENSION, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 1.1.0", "Ssh Communications Security IPSEC Express version 1.1.0",
	  "\xfb\xf4\x76\x14\x98\x40\x31\xfa\x8e\x3b\xb6\x19\x80\x89\xb2\x23", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 1.1.1", "Ssh Communications Security IPSEC Express version 1.1.1",
	  "\x19\x52\xdc\x91\xac\x20\xf6\x46\xfb\x01\xcf\x42\xa3\x3a\xee\x30", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 1.1.2", "Ssh Communications Security IPSEC Express version 1.1.2",
	  "\xe8\xbf\xfa\x64\x3e\x5c\x8f\x2c\xd1\x0f\xda\x73\x70\xb6\xeb\xe5", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 1.2.1", "Ssh Communications Security IPSEC Express version 1.2.1",
	  "\xc1\x11\x1b\x2d\xee\x8c\xbc\x3d\x62\x05\x73\xec\x57\xaa\xb9\xcb", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 1.2.2", "Ssh Communications Security IPSEC Express version 1.2.2",
	  "\x09\xec\x27\xbf\xbc\x09\xc7\x58\x23\xcf\xec\xbf\xfe\x56\x5a\x2e", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 2.0.0", "SSH Communications Security IPSEC Express version 2.0.0",
	  "\x7f\x21\xa5\x96\xe4\xe3\x18\xf0\xb2\xf4\x94\x4c\x23\x84\xcb\x84", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 2.1.0", "SSH Communications Security IPSEC Express version 2.1.0",
	  "\x28\x36\xd1\xfd\x28\x07\xbc\x9e\x5a\xe3\x07\x86\x32\x04\x51\xec", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 2.1.1", "SSH Communications Security IPSEC Express version 2.1.1",
	  "\xa6\x8d\xe7\x56\xa9\xc5\x22\x9b\xae\x66\x49\x80\x40\x95\x1a\xd5", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 2.1.2", "SSH Communications Security IPSEC Express version 2.1.2",
	  "\x3f\x23\x72\x86\x7e\x23\x7c\x1c\xd8\x25\x0a\x75\x55\x9c\xae\x20", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 3.0.0", "SSH Communications Security IPSEC Express version 3.0.0",
	  "\x0e\x58\xd5\x77\x4d\xf6\x02\x00\x7d\x0b\x02\x44\x36\x60\xf7\xeb", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 3.0.1", "SSH Communications Security IPSEC Express version 3.0.1",
	  "\xf5\xce\x31\xeb\xc2\x10\xf4\x43\x50\xcf\x71\x26\x5b\x57\x38\x0f", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 4.0.0", "SSH Communications Security IPSEC Express version 4.0.0",
	  "\xf6\x42\x60\xaf\x2e\x27\x42\xda\xdd\xd5\x69\x87\x06\x8a\x99\xa0", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 4.0.1", "SSH Communications Security IPSEC Express version 4.0.1",
	  "\x7a\x54\xd3\xbd\xb3\xb1\xe6\xd9\x23\x89\x20\x64\xbe\x2d\x98\x1c", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 4.1.0", "SSH Communications Security IPSEC Express version 4.1.0",
	  "\x9a\xa1\xf3\xb4\x34\x72\xa4\x5d\x5f\x50\x6a\xeb\x26\x0c\xf2\x14", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH IPSEC Express 4.2.0", "SSH Communications Security IPSEC Express version 4.2.0",
	  "\x68\x80\xc7\xd0\x26\x09\x91\x14\xe4\x86\xc5\x54\x30\xe7\xab\xee", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH Sentinel", "SSH Sentinel",
	  "\x05\x41\x82\xa0\x7c\x7a\xe2\x06\xf9\xd2\xcf\x9d\x24\x32\xc4\x82", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH Sentinel 1.1", "SSH Sentinel 1.1",
	  "\xb9\x16\x23\xe6\x93\xca\x18\xa5\x4c\x6a\x27\x78\x55\x23\x05\xe8", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH Sentinel 1.2", "SSH Sentinel 1.2",
	  "\x54\x30\x88\x8d\xe0\x1a\x31\xa6\xfa\x8f\x60\x22\x4e\x44\x99\x58", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH Sentinel 1.3", "SSH Sentinel 1.3",
	  "\x7e\xe5\xcb\x85\xf7\x1c\xe2\x59\xc9\x4a\x5c\x73\x1e\xe4\xe7\x52", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH Sentinel 1.4", "SSH Sentinel 1.4",
	  "\x63\xd9\xa1\xa7\x00\x94\x91\xb5\xa0\xa6\xfd\xeb\x2a\x82\x84\xf0", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	{ "SSH Sentinel 1.4.1", "SSH Sentinel 1.4.1",
	  "\xeb\x4b\x0d\x96\x27\x6b\x4e\x22\x0a\xd1\x62\x21\xa7\xb2\xa5\xe6", 16,
	  IKE_VENDOR_MD5, IKE_VENDOR_PRODUCT, IKE_VENDOR_OTHER, IKE_VENDOR_REST_NONE },
	/* clang-format on */
};

/* What Microsoft's number stands for ([MS-IKEE] section 1.7). */
static const char *windows_name(uint32_t version)
{
	static const char *const names[] = {
		[2] = "Windows 2000",
		[3] = "Windows XP",
		[4] = "Windows Server 2003 or XP SP2",
		[5] = "Windows Vista",
		[6] = "Windows Server 2008",
		[7] = "Windows 7",
		[8] = "Windows Server 2008 R2",
		[9] = "Windows 8, Server 2012 or later",
	};

	return version < sizeof(names) / sizeof(names[0]) ? names[version] : NULL;
}

static bool is_printable(const uint8_t *octets, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		if (octets[i] < 0x20 || octets[i] > 0x7e)
			return false;
	return true;
}

/* Whether the `rest` octets behind the known ones are of the kind that the row allows. */
static bool rest_fits(const struct ike_vendor_row *row, const uint8_t *octets, uint32_t rest)
{
	switch (row->rest) {
	case IKE_VENDOR_REST_NONE:
		return rest == 0;
	case IKE_VENDOR_REST_U8_2:
		return rest == 2;
	case IKE_VENDOR_REST_U32:
		return rest == 0 || rest >= 4;
	case IKE_VENDOR_REST_TEXT:
		return is_printable(octets, rest);
	default:
		return true;
	}
}

static void take_rest(const struct ike_vendor_row *row, const uint8_t *octets, uint32_t rest, struct ike_vendor *vendor)
{
	if (row->rest == IKE_VENDOR_REST_U8_2) {
		vendor->has_version = true;
		vendor->version = (uint32_t)octets[0] << 8 | octets[1];
	} else if (row->rest == IKE_VENDOR_REST_U32 && rest >= 4) {
		vendor->has_version = true;
		vendor->version =
		    (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
		if (row->feature == IKE_VENDOR_WINDOWS)
			vendor->detail = windows_name(vendor->version);
	} else if (row->rest == IKE_VENDOR_REST_TEXT) {
		vendor->text = row->octet_count;
		vendor->text_length = (uint16_t)rest;
	}
}

bool ike_vendor_identify(const uint8_t *octets, uint32_t length, struct ike_vendor *vendor)
{
	*vendor = (struct ike_vendor){ .name = "unknown" };
	if (length == 0 || length > UINT16_MAX)
		return false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ike_vendor_row *row = &rows[i];
		uint32_t rest = length - row->octet_count;
		if (length < row->octet_count || memcmp(octets, row->octets, row->octet_count) != 0 ||
		    !rest_fits(row, octets + row->octet_count, rest))
			continue;
		vendor->name = row->name;
		vendor->kind = row->kind;
		vendor->feature = row->feature;
		take_rest(row, octets + row->octet_count, rest, vendor);
		return true;
	}
	if (is_printable(octets, length))
		vendor->text_length = (uint16_t)length;
	return false;
}

const struct ike_vendor_row *ike_vendor_rows(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
