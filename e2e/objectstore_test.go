package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	storePort   = 7070
	storeBucket = "backups"
)

// objectStore is a server that speaks S3, and is not rclone. The test reads and
// changes its objects with another client than the pods.
type objectStore struct {
	app    *app
	name   string
	writer credentials.Value // May do everything.
	reader credentials.Value // May list and read.
	client *minio.Client
}

// startStore starts a store in the namespace of a, which it makes a bucket in.
// All its objects take no more than size together; "" for as much as the node
// has.
func (a *app) startStore(name, size string) *objectStore {
	a.t.Helper()
	// A slash or a plus sign breaks clients that put a key into a URL.
	s := &objectStore{app: a, name: name, writer: newKeys("writer"), reader: newKeys("reader")}
	a.keep(name, corev1.SecretTypeOpaque, map[string]string{
		"ROOT_ACCESS_KEY": s.writer.AccessKeyID, "ROOT_SECRET_KEY": s.writer.SecretAccessKey,
	})
	p := a.run(s.pod(size))
	_, err := kube.Client.CoreV1().Services(a.namespace).Create(a.t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.ServiceSpec{Selector: p.Labels, Ports: []corev1.ServicePort{{Port: storePort}}},
	}, metav1.CreateOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	p = a.ready(name)
	a.exec(p, "versitygw", "admin", "--endpoint-url", fmt.Sprintf("http://127.0.0.1:%d", storePort), "create-user",
		"--access", s.reader.AccessKeyID, "--secret", s.reader.SecretAccessKey, "--role", "user")
	s.connect(p)
	return s
}

func newKeys(name string) credentials.Value {
	return credentials.Value{AccessKeyID: name, SecretAccessKey: "a/b+c=" + rand.Text()}
}

// connect makes the bucket, and lets the reader read it.
func (s *objectStore) connect(p corev1.Pod) {
	t := s.app.t
	t.Helper()
	address, err := kube.Forward(t.Context(), p, storePort)
	if err != nil {
		t.Fatal(err)
	}
	s.client, err = minio.New(address, &minio.Options{
		Creds:        credentials.NewStaticV4(s.writer.AccessKeyID, s.writer.SecretAccessKey, ""),
		BucketLookup: minio.BucketLookupPath, MaxRetries: 2,
	})
	if err == nil {
		err = s.client.MakeBucket(t.Context(), storeBucket, minio.MakeBucketOptions{})
	}
	if err == nil {
		err = s.client.SetBucketPolicy(t.Context(), storeBucket, fmt.Sprintf(`{"Statement": [{
			"Effect": "Allow", "Principal": {"AWS": [%q]}, "Action": ["s3:GetObject", "s3:ListBucket"],
			"Resource": ["arn:aws:s3:::%[2]s", "arn:aws:s3:::%[2]s/*"]
		}]}`, s.reader.AccessKeyID, storeBucket))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// pod keeps the objects in memory where their size is limited: only there is a
// small volume full when it is.
func (s *objectStore) pod(size string) *corev1.Pod {
	p := idlePod()
	p.GenerateName, p.Labels = s.name+"-", map[string]string{"app": s.name}
	objects, accounts := &corev1.EmptyDirVolumeSource{}, &corev1.EmptyDirVolumeSource{}
	if size != "" {
		objects.Medium, objects.SizeLimit = corev1.StorageMediumMemory, new(resource.MustParse(size))
	}
	p.Spec.Volumes = []corev1.Volume{
		{Name: "objects", VolumeSource: corev1.VolumeSource{EmptyDir: objects}},
		{Name: "accounts", VolumeSource: corev1.VolumeSource{EmptyDir: accounts}},
	}
	p.Spec.SecurityContext.FSGroup = p.Spec.SecurityContext.RunAsUser
	c := &p.Spec.Containers[0]
	c.Name, c.Image, c.Command = s.name, storeImage, nil
	c.Args = []string{
		"--port", fmt.Sprintf(":%d", storePort), "--health", "/health", "--quiet", "--iam-dir", "/accounts",
		"posix", "/objects",
	}
	c.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{
		LocalObjectReference: corev1.LocalObjectReference{Name: s.name},
	}}}
	c.VolumeMounts = []corev1.VolumeMount{
		{Name: "objects", MountPath: "/objects"}, {Name: "accounts", MountPath: "/accounts"},
	}
	c.ReadinessProbe = &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
		HTTPGet: &corev1.HTTPGetAction{Path: "/health", Port: intstr.FromInt32(storePort)},
	}}
	return p
}

// host returns the name under which pods of any namespace reach the store.
func (s *objectStore) host() string { return fmt.Sprintf("%s.%s.svc", s.name, s.app.namespace) }

// endpoint returns its URL.
func (s *objectStore) endpoint() string { return fmt.Sprintf("http://%s:%d", s.host(), storePort) }

// keys returns the names of the objects whose names begin with prefix.
func (s *objectStore) keys(prefix string) []string {
	s.app.t.Helper()
	var keys []string
	for object := range s.client.ListObjects(s.app.t.Context(), storeBucket, minio.ListObjectsOptions{
		Prefix: prefix, Recursive: true,
	}) {
		if object.Err != nil {
			s.app.t.Fatal(object.Err)
		}
		keys = append(keys, object.Key)
	}
	slices.Sort(keys)
	return keys
}

// read returns what is stored under key.
func (s *objectStore) read(key string) []byte {
	s.app.t.Helper()
	object, err := s.client.GetObject(s.app.t.Context(), storeBucket, key, minio.GetObjectOptions{})
	if err != nil {
		s.app.t.Fatal(err)
	}
	defer object.Close()
	content, err := io.ReadAll(object)
	if err != nil {
		s.app.t.Fatalf("%s: %v", key, err)
	}
	return content
}

// write stores content under key.
func (s *objectStore) write(key string, content []byte) {
	s.app.t.Helper()
	if err := s.put(s.app.t.Context(), key, content); err != nil {
		s.app.t.Fatalf("%s: %v", key, err)
	}
}

func (s *objectStore) put(ctx context.Context, key string, content []byte) error {
	size := int64(len(content))
	_, err := s.client.PutObject(ctx, storeBucket, key, bytes.NewReader(content), size, minio.PutObjectOptions{})
	return err
}

// copy stores what is below from anew, below to. change may alter each object,
// and its name below to, or leave it out.
func (s *objectStore) copy(from, to string, change func(name string, content []byte) (string, []byte)) {
	s.app.t.Helper()
	keys := s.keys(from + "/")
	if len(keys) == 0 {
		s.app.t.Fatalf("there is nothing below %s", from)
	}
	for _, key := range keys {
		name, content := strings.TrimPrefix(key, from+"/"), s.read(key)
		if change != nil {
			name, content = change(name, content)
		}
		if name != "" {
			s.write(to+"/"+name, content)
		}
	}
}

// fill stores until nothing more is taken.
func (s *objectStore) fill() {
	s.app.t.Helper()
	ctx, cancel := context.WithTimeout(s.app.t.Context(), time.Minute)
	defer cancel()
	n := 0
	for size := 1 << 20; size >= 1<<12; size /= 4 {
		for s.put(ctx, fmt.Sprintf("ballast/%d", n), make([]byte, size)) == nil {
			n++
		}
	}
	if err := ctx.Err(); err != nil || n == 0 {
		s.app.t.Fatalf("the store is not full after %d objects: %v", n, err)
	}
}
