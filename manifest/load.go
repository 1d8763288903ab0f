package manifest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Set are the manifests of one directory, without those of its subdirectories.
type Set struct {
	// Dir is the directory within the loaded one; "." for that itself.
	Dir string

	// Files are the manifests that were read, and Others are the names of the
	// other files, which were not, such as README.md.
	Files, Others []string

	// Objects are those in Files.
	Objects []Object
}

// extensions are those by which kubectl knows manifests; see
// https://kubernetes.io/docs/reference/kubectl/generated/kubectl_apply/.
var extensions = []string{".yaml", ".yml", ".json"}

// Load reads the .yaml, .yml and .json files of dir and of all directories in
// it, as kubectl apply -R does: together they are what is applied to a cluster.
// The source of each object is its file within dir. Files with other names are
// left alone; [LoadSets] names them. The errors of all files are joined, and a
// directory without any object is an error.
func Load(dir string) ([]Object, error) {
	var objects []Object
	sets, err := LoadSets(dir)
	for _, set := range sets {
		objects = append(objects, set.Objects...)
	}
	return objects, err
}

// LoadSets is [Load] for directories that are applied apart from each other,
// such as those of several environments: it returns a set for each directory
// that holds files.
func LoadSets(dir string) ([]Set, error) {
	sets, err := readSets(dir, ".")
	if err == nil && !slices.ContainsFunc(sets, func(s Set) bool { return len(s.Objects) > 0 }) {
		err = fmt.Errorf("%s: holds no object in any file named %v", dir, extensions)
	}
	return sets, err
}

// readSets returns the set of one directory, then those of the directories in it.
func readSets(root, dir string) ([]Set, error) {
	entries, err := os.ReadDir(filepath.Join(root, dir))
	if err != nil {
		return nil, err
	}
	set := Set{Dir: dir}
	var below []Set
	var errs []error
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		switch manifest := slices.Contains(extensions, filepath.Ext(name)); {
		case entry.IsDir():
			sets, err := readSets(root, name)
			below, errs = append(below, sets...), append(errs, err)
		case manifest || entry.Type()&os.ModeSymlink != 0 && isDir(filepath.Join(root, name)):
			// A link to a directory is an error: it cannot be read as a file.
			objects, err := readFile(root, name)
			set.Files = append(set.Files, entry.Name())
			set.Objects, errs = append(set.Objects, objects...), append(errs, err)
		default:
			set.Others = append(set.Others, entry.Name())
		}
	}
	if len(set.Files)+len(set.Others) > 0 {
		below = append([]Set{set}, below...)
	}
	return below, errors.Join(errs...)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func readFile(root, name string) ([]Object, error) {
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	return Parse(name, content)
}
