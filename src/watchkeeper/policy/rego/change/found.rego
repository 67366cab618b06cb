# What every rule says: its id, the document, words, and a piece of text by which the line is found.
package watchkeeper.change

import rego.v1

found(id, document, what, at) := {"id": id, "document": document, "what": what, "at": at}
