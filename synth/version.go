package synth

// Version is the version of this library: the tag of its release without the "v".
// Between releases it is that of the next one. It follows semantic versioning
// (https://semver.org): before 1.0.0, another second number may break programs.
const Version = "0.2.0"
