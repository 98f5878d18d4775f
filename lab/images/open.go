package images

// Open gives a store that Build made earlier, to serve it from another
// process: the folder and names are those of [Store.Dir] and [Store.Names].
func Open(dir string, names Names) (Store, error) { return openStore(dir, names) }

// Dir is the folder that holds the store.
func (s Store) Dir() string { return s.dir }
