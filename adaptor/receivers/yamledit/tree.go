package yamledit

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// clone copies a tree. Aliases still point to the nodes of the old one.
func clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, child := range n.Content {
		c.Content[i] = clone(child)
	}
	return &c
}

// equal tells whether two trees say the same. How they are written does not matter, but for
// anchors. Aliases are compared by their names: no edit changes what an alias stands for.
func equal(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Anchor != b.Anchor || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind != yaml.AliasNode && a.ShortTag() != b.ShortTag() {
		return false
	}
	for i := range a.Content {
		if !equal(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// at is the node at a path of a tree.
func at(n *yaml.Node, path []any) *yaml.Node {
	for _, step := range path {
		n = child(n, step)
	}
	return n
}

// put replaces the value at a path of a tree.
func put(n, value *yaml.Node, path []any) {
	last := len(path) - 1
	parent := at(n, path[:last])
	if i, ok := path[last].(int); ok {
		parent.Content[i] = value
		return
	}
	parent.Content[keyIndex(parent, path[last].(string))+1] = value
}

// drop removes an entry of a list or mapping.
func drop(n *yaml.Node, step any) {
	if i, ok := step.(int); ok {
		n.Content = slices.Delete(n.Content, i, i+1)
		return
	}
	i := keyIndex(n, step.(string))
	n.Content = slices.Delete(n.Content, i, i+2)
}

// nest puts a value at the end of a path of keys.
func nest(value *yaml.Node, path []any) *yaml.Node {
	for _, step := range slices.Backward(path) {
		if key, ok := step.(string); ok {
			value = Mapping(Entry{key, value})
		} else {
			value = List(value)
		}
	}
	return value
}
