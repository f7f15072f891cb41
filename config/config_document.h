/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML file as a tree that knows its lines, and the sentences that point into it.
 *
 * config_document_read() bounds what a file may ask for (nesting, nodes, aliases), refuses what has no meaning here
 * (tags, merge keys, a second document, control characters, a key that stands twice), and keeps libyaml's document. The
 * schema and the semantic checks name places by path, as a person reads it: "policy.rules[2].between[1]".
 */
#ifndef ESPIAL_CONFIG_CONFIG_DOCUMENT_H
#define ESPIAL_CONFIG_CONFIG_DOCUMENT_H

#include "config.h"

#include <yaml.h>

enum {
	CONFIG_FILE_MAX = 4 << 20,  /* octets of a file */
	CONFIG_DEPTH_MAX = 16,      /* nested mappings and sequences; the schema needs seven */
	CONFIG_NODES_MAX = 1000000, /* values in a file, each alias counted as all that it stands for */
	CONFIG_ANCHORS_MAX = 1000,  /* libyaml compares each anchor with all others */
	CONFIG_KEYS_MAX = 64,       /* keys of one mapping */
	CONFIG_PATH_MAX = 160,      /* octets of a path, its end included; longer ones are cut */
};

struct config_document {
	const char *name;         /* of the file, for messages; borrowed */
	yaml_document_t document; /* libyaml's tree */
	yaml_node_t *root;        /* in the tree; NULL: the file says nothing */
};

/* A place in the file, as text: "policy.rules[2].between[1]". Empty: the whole file. */
struct config_path {
	char text[CONFIG_PATH_MAX];
};

/* A value of the file, quoted for a message: cut when long, and without control characters. */
struct config_quoted {
	char text[80];
};

/* Reads the file into the tree. False, with the error set and nothing to free, if it cannot be used. */
bool config_document_read(struct config_document *document, const char *name, const char *yaml, size_t length,
			  struct config_error *error);

void config_document_free(struct config_document *document);

/* The node that an item of a sequence or a pair stands for. */
yaml_node_t *config_document_node(const struct config_document *document, int number);

/* The value of a key, NULL if the mapping (NULL: none) lacks it. `line` (may be NULL) receives the key's line. */
yaml_node_t *config_document_value(const struct config_document *document, const yaml_node_t *mapping, const char *key,
				   unsigned *line);

/* Whether the node is an empty plain value, `~` or `null`. */
bool config_document_is_null(const yaml_node_t *node);

/*
 * The node at the path, NULL if it is not there. `line` receives the line of its key, or of the item; of the deepest
 * part of the path that is there if not all of it is; 0 if the file says nothing.
 */
const yaml_node_t *config_document_find(const struct config_document *document, const char *path, unsigned *line);

/* That line alone. */
unsigned config_document_line(const struct config_document *document, const char *path);

/* path + ".key" and path + "[index]". */
struct config_path config_path_key(const struct config_path *path, const char *key);
struct config_path config_path_index(const struct config_path *path, size_t index);

/* Returns quoted->text. */
const char *config_quote(struct config_quoted *quoted, const char *text);

/* Sets the error to "name:line: path: sentence"; without path and without line, those parts are left out. */
void config_error_at(struct config_error *error, const char *name, unsigned line, const char *path, const char *format,
		     ...) __attribute__((format(printf, 5, 6)));

/* The same with the line of the path. Returns false, so that a check can end with it. */
bool config_document_fail(const struct config_document *document, struct config_error *error,
			  const struct config_path *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
