import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Chart, JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';

const image = 'docker.io/example/django-app:1.0.0';
const env = 'django-env-secret';
const generator = `${env}-generate`;
const job = `${generator}-9365ec49`;
const generatedKeys = ['POSTGRES_PASSWORD', 'SECRET_KEY'];
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const keepData = {
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'kapp.k14s.io/delete-strategy': 'orphan',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};
const inWave = (wave: string) => ({ 'argocd.argoproj.io/sync-wave': wave });
const group = (namespace: string, name: string) => `${namespace}.django-cdk8s.example.com/${name}`;
const after = (namespace: string, name: string) => `upsert after upserting ${group(namespace, name)}`;

const scripts = join(__dirname, '..', '..', 'internal', 'script');
const generateScript = readFileSync(join(scripts, 'generate.py'), 'utf8');
const pruneScript = readFileSync(join(scripts, 'prune.py'), 'utf8');
const lockScript = `exec 9>>"$0"
flock -n 9 || { echo "waiting for the server before this one to end"; flock 9; }
exec docker-entrypoint.sh "$@"`;
const readyScript = 'exec pg_isready -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"';
const takeOverScript = `pg_isready -q -h 127.0.0.1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" || exit 1
log=/proc/1/fd/2
( : >>"$log" ) 2>/dev/null || log=/dev/null
psql -qX -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" >>"$log" 2>&1 <<'SQL' ||
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
\\set role \`printenv POSTGRES_USER\`
\\set password \`printenv POSTGRES_PASSWORD\`
ALTER ROLE :"role" PASSWORD :'password';
SQL
echo "the role keeps its password, which may be another than the Secret's" >>"$log"
exit 0`;

const quantity = k8s.Quantity.fromString;
const number = k8s.IntOrString.fromNumber;

export interface DjangoStackProps {
  /** Closes the namespace with NetworkPolicies. */
  readonly isolated: boolean;
}

/** The objects of the default app, in a namespace called id. */
export class DjangoStack extends Chart {
  constructor(scope: Construct, id: string, props: DjangoStackProps) {
    super(scope, id, { namespace: id, disableResourceNameHashes: true });

    const labels = (name: string, component: string, program: string) => ({
      'app': name,
      'app.kubernetes.io/component': component,
      'app.kubernetes.io/instance': name,
      'app.kubernetes.io/managed-by': 'cdk8s',
      'app.kubernetes.io/name': program,
      'app.kubernetes.io/part-of': id,
    });

    const namespace = new k8s.KubeNamespace(this, 'namespace', {
      metadata: {
        name: id,
        annotations: { ...keepData, ...inWave('-4') },
        labels: {
          'app.kubernetes.io/managed-by': 'cdk8s',
          'app.kubernetes.io/part-of': id,
          'pod-security.kubernetes.io/audit': 'restricted',
          'pod-security.kubernetes.io/enforce': 'restricted',
          'pod-security.kubernetes.io/warn': 'restricted',
        },
      },
    });
    // The chart gives its own namespace to every object.
    namespace.addJsonPatch(JsonPatch.remove('/metadata/namespace'));

    new k8s.KubeSecret(this, 'secret', {
      metadata: {
        name: env,
        annotations: {
          ...keepData,
          ...inWave('-4'),
          'kapp.k14s.io/update-strategy': 'skip',
          'kustomize.toolkit.fluxcd.io/ssa': 'Merge',
          'django-cdk8s.example.com/generated-keys': generatedKeys.join(','),
        },
        labels: labels(env, 'credentials', 'django'),
      },
      type: 'Opaque',
      immutable: false,
      stringData: { POSTGRES_DB: 'django', POSTGRES_USER: 'django' },
    });

    this.addGenerator(id, labels(generator, 'credentials', 'django'));
    this.addDatabase(id, labels('postgres', 'database', 'postgresql'));
    this.addWeb(id, labels('django', 'web', 'django'));
    if (props.isolated) {
      this.addPolicies((name) => labels(name, 'isolation', 'kubernetes'));
    }
  }

  private addGenerator(namespace: string, labels: Record<string, string>) {
    const metadata = { name: generator, annotations: inWave('-4'), labels };
    new k8s.KubeServiceAccount(this, 'generator-account', { metadata, automountServiceAccountToken: false });
    new k8s.KubeRole(this, 'generator-role', {
      metadata,
      rules: [
        { apiGroups: [''], resources: ['secrets'], resourceNames: [env], verbs: ['get', 'patch'] },
        { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'delete'] },
        { apiGroups: ['batch'], resources: ['jobs'], resourceNames: [job], verbs: ['patch'] },
      ],
    });
    new k8s.KubeRoleBinding(this, 'generator-binding', {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: generator },
      subjects: [{ kind: 'ServiceAccount', name: generator, namespace }],
    });

    const container = {
      image,
      imagePullPolicy: 'IfNotPresent',
      resources: resources('50m', '64Mi', '500m', '256Mi'),
      securityContext: containerSecurity,
      volumeMounts: [{ name: 'api', mountPath: tokenPath, readOnly: true }],
    };
    new k8s.KubeJob(this, 'generator-job', {
      metadata: {
        name: job,
        annotations: { ...inWave('-4'), 'kapp.k14s.io/change-group': group(namespace, 'credentials') },
        labels,
      },
      spec: {
        backoffLimit: 6,
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: generator,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            restartPolicy: 'Never',
            securityContext: podSecurity(1000),
            initContainers: [
              { ...container, name: 'prune', command: ['python3', '-I', '-c', pruneScript, generator, '3'] },
            ],
            containers: [
              {
                ...container,
                name: 'generate',
                command: ['python3', '-I', '-c', generateScript],
                args: [env, ...generatedKeys],
              },
            ],
            volumes: [
              {
                name: 'api',
                projected: {
                  sources: [
                    { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
                    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
                    {
                      downwardApi: {
                        items: [
                          field('namespace', 'metadata.namespace'),
                          field('job', "metadata.labels['batch.kubernetes.io/job-name']"),
                        ],
                      },
                    },
                  ],
                },
              },
            ],
          },
        },
      },
    });
  }

  private addDatabase(namespace: string, labels: Record<string, string>) {
    const name = 'postgres';
    new k8s.KubePersistentVolumeClaim(this, 'database-claim', {
      metadata: {
        name: 'postgres-pvc',
        annotations: { ...keepData, ...inWave('-3'), 'django-cdk8s.example.com/postgresql-major': '15' },
        labels,
      },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: quantity('5Gi') } } },
    });

    const shell = (script: string) => ({ command: ['sh', '-c', script] });
    const settings = [
      'effective_cache_size=512MB',
      'maintenance_work_mem=64MB',
      'shared_buffers=256MB',
      'work_mem=2621kB',
    ];
    new k8s.KubeDeployment(this, 'database', {
      metadata: {
        name,
        annotations: {
          ...inWave('-3'),
          'kapp.k14s.io/change-group': group(namespace, 'database'),
          'kapp.k14s.io/change-rule': after(namespace, 'credentials'),
        },
        labels,
      },
      spec: {
        replicas: 1,
        progressDeadlineSeconds: 2100,
        selector: { matchLabels: { app: name } },
        strategy: { type: 'Recreate' },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 120,
            securityContext: podSecurity(999),
            containers: [
              {
                name,
                image: 'postgres:15-bookworm',
                imagePullPolicy: 'IfNotPresent',
                command: ['sh', '-c', lockScript, '/var/lib/postgresql/data/server.lock'],
                args: ['postgres', ...settings.flatMap((setting) => ['-c', setting])],
                ports: [{ name, containerPort: 5432 }],
                env: [
                  { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
                  { name: 'POSTGRES_INITDB_ARGS', value: '--data-checksums' },
                  fromSecret('POSTGRES_DB'),
                  fromSecret('POSTGRES_USER'),
                  fromSecret('POSTGRES_PASSWORD'),
                ],
                startupProbe: {
                  exec: shell(takeOverScript),
                  periodSeconds: 5,
                  timeoutSeconds: 5,
                  failureThreshold: 360,
                },
                readinessProbe: {
                  exec: shell(readyScript),
                  periodSeconds: 10,
                  timeoutSeconds: 5,
                  failureThreshold: 3,
                },
                resources: resources('500m', '512Mi', '1', '1Gi'),
                securityContext: containerSecurity,
                volumeMounts: [
                  { name: 'data', mountPath: '/var/lib/postgresql/data' },
                  { name: 'shm', mountPath: '/dev/shm' },
                  { name: 'run', mountPath: '/var/run/postgresql' },
                  { name: 'tmp', mountPath: '/tmp' },
                ],
              },
            ],
            volumes: [
              { name: 'data', persistentVolumeClaim: { claimName: 'postgres-pvc' } },
              { name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: quantity('256Mi') } },
              { name: 'run', emptyDir: { sizeLimit: quantity('16Mi') } },
              { name: 'tmp', emptyDir: { sizeLimit: quantity('1Gi') } },
            ],
          },
        },
      },
    });
    this.addService(name, 'postgres', 5432, { name, annotations: inWave('-3'), labels });
  }

  private addWeb(namespace: string, labels: Record<string, string>) {
    const name = 'django';
    const hosts = [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`];
    const httpGet = {
      path: '/login',
      port: k8s.IntOrString.fromString('http'),
      httpHeaders: [{ name: 'Host', value: name }],
    };
    new k8s.KubeDeployment(this, 'web', {
      metadata: { name, annotations: { 'kapp.k14s.io/change-rule': after(namespace, 'database') }, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: number(1), maxUnavailable: number(0) } },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 50,
            securityContext: podSecurity(1000),
            containers: [
              {
                name,
                image,
                imagePullPolicy: 'IfNotPresent',
                ports: [{ name: 'http', containerPort: 8000 }],
                envFrom: [{ secretRef: { name: env } }],
                env: [
                  { name: 'POSTGRES_HOST', value: `postgres.${namespace}.svc` },
                  { name: 'POSTGRES_PORT', value: '5432' },
                  fromSecret('POSTGRES_DB'),
                  fromSecret('POSTGRES_USER'),
                  fromSecret('POSTGRES_PASSWORD'),
                  fromSecret('POSTGRES_USER', 'PGUSER'),
                  fromSecret('POSTGRES_PASSWORD', 'PGPASSWORD'),
                  { name: 'DATABASE_URL', value: 'postgres://$(POSTGRES_HOST):$(POSTGRES_PORT)/$(POSTGRES_DB)' },
                  fromSecret('SECRET_KEY'),
                  { name: 'ALLOWED_HOSTS', value: hosts.join(',') },
                  { name: 'CSRF_TRUSTED_ORIGINS', value: hosts.map((host) => `http://${host}:8000`).join(',') },
                  { name: 'PORT', value: '8000' },
                  {
                    name: 'GUNICORN_CMD_ARGS',
                    value:
                      '--workers=3 --threads=1 --timeout=30 --graceful-timeout=30 --worker-tmp-dir=/run/gunicorn',
                  },
                ],
                lifecycle: { preStop: { exec: { command: ['sleep', '10'] } } },
                startupProbe: { httpGet, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 60 },
                readinessProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
                livenessProbe: { httpGet, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6 },
                resources: resources('500m', '512Mi', '1', '1Gi'),
                securityContext: containerSecurity,
                volumeMounts: [
                  { name: 'tmp', mountPath: '/tmp' },
                  { name: 'gunicorn', mountPath: '/run/gunicorn' },
                ],
              },
            ],
            volumes: [
              { name: 'tmp', emptyDir: { sizeLimit: quantity('1Gi') } },
              { name: 'gunicorn', emptyDir: { medium: 'Memory', sizeLimit: quantity('1Mi') } },
            ],
          },
        },
      },
    });
    this.addService(name, 'http', 8000, { name, labels });
  }

  private addService(name: string, portName: string, port: number, metadata: k8s.ObjectMeta) {
    new k8s.KubeService(this, `${name}-service`, {
      metadata,
      spec: {
        type: 'ClusterIP',
        ports: [{ name: portName, port, targetPort: number(port) }],
        selector: { app: name },
      },
    });
  }

  private addPolicies(labels: (name: string) => Record<string, string>) {
    const add = (name: string, spec: k8s.NetworkPolicySpec) =>
      new k8s.KubeNetworkPolicy(this, `policy-${name}`, {
        metadata: { name, annotations: inWave('-4'), labels: labels(name) },
        spec,
      });
    const pods = (name: string) => ({ matchLabels: { app: name } });
    const tcp = (port: number) => ({ port: number(port), protocol: 'TCP' });

    add('default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    add('allow-dns', {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [
        {
          ports: [{ port: number(53), protocol: 'UDP' }, tcp(53)],
          to: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
              podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
            },
          ],
        },
      ],
    });
    add('django', {
      podSelector: pods('django'),
      policyTypes: ['Egress'],
      egress: [{ ports: [tcp(5432)], to: [{ podSelector: pods('postgres') }] }],
    });
    add(generator, {
      podSelector: pods(generator),
      policyTypes: ['Egress'],
      egress: [{ ports: [tcp(443), tcp(6443)], to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
    });
    add('postgres', {
      podSelector: pods('postgres'),
      policyTypes: ['Ingress'],
      ingress: [{ ports: [tcp(5432)], from: [{ podSelector: pods('django') }] }],
    });
  }
}

const containerSecurity: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};

function podSecurity(user: number): k8s.PodSecurityContext {
  return {
    fsGroup: user,
    fsGroupChangePolicy: 'OnRootMismatch',
    runAsGroup: user,
    runAsNonRoot: true,
    runAsUser: user,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

function resources(cpu: string, memory: string, maxCpu: string, maxMemory: string): k8s.ResourceRequirements {
  return {
    requests: { cpu: quantity(cpu), memory: quantity(memory) },
    limits: { cpu: quantity(maxCpu), memory: quantity(maxMemory) },
  };
}

function fromSecret(key: string, name = key): k8s.EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: env, key } } };
}

function field(path: string, fieldPath: string): k8s.DownwardApiVolumeFile {
  return { path, fieldRef: { apiVersion: 'v1', fieldPath } };
}
