package django_test

import (
	"math"
	"testing"

	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"

	"example.com/django-cdk8s/cdktest"
	"example.com/django-cdk8s/constructs/django"
	"example.com/django-cdk8s/constructs/pod"
	"example.com/django-cdk8s/constructs/postgres"
)

// wrongProcess changes one field of a valid process that is a server.
func wrongProcess(change func(p *django.ProcessProps)) cdktest.Build {
	return func(chart cdk8s.Chart) {
		props := django.ProcessProps{
			Project: projectIn(chart, django.Project{}), NameSuffix: "channels", Command: []string{"daphne"},
			Port: 8001,
		}
		change(&props)
		p := django.NewProcess(chart, "process", props)
		_, _, _, _ = p.Flows(), p.Selector(), p.Port(), p.ExternalReferences()
	}
}

var wrongProcesses = map[string]mistake{
	"no image": {
		wrongProcess(func(p *django.ProcessProps) { p.Project.Image = "" }),
		`test/process: Project.Image: "": is required`,
	},
	"no database": {
		wrongProcess(func(p *django.ProcessProps) { p.Project.Database = nil }),
		`test/process: Project.Database: "": is required`,
	},
	"no name": {
		wrongProcess(func(p *django.ProcessProps) { p.NameSuffix = "" }),
		`test/process: NameSuffix: "": is required: the Deployment's name behind the project's name`,
	},
	"name": {
		wrongProcess(func(p *django.ProcessProps) { p.NameSuffix = "web_sockets" }),
		`test/process: NameSuffix: "web_sockets": must be 1 to 63 lower-case`,
	},
	"long name": {
		wrongProcess(func(p *django.ProcessProps) { p.NameSuffix = long[:57] }),
		`test/process: NameSuffix: "` + long[:57] + `": must be shorter: with the project's name, django-`,
	},
	"longer name": {
		wrongProcess(func(p *django.ProcessProps) { p.NameSuffix = long }),
		`test/process: NameSuffix: "` + long + `": must be shorter`,
	},
	"project's long name": {
		wrongProcess(func(p *django.ProcessProps) { p.Project.Name = long[:62] }),
		`test/process: Project.Name: "` + long[:62] + `": must be at most 61 characters`,
	},
	"no command": {
		wrongProcess(func(p *django.ProcessProps) { p.Command = nil }),
		`test/process: Command: "": is required: the program and its arguments`,
	},
	"command of nothing": {
		wrongProcess(func(p *django.ProcessProps) { p.Command = []string{""} }),
		`test/process: Command[0]: "": must be a program`,
	},
	"command with NUL": {
		wrongProcess(func(p *django.ProcessProps) { p.Command = []string{"a", "\x00"} }),
		`test/process: Command[1]: "...": must be UTF-8 text`,
	},
	"port of root": {
		wrongProcess(func(p *django.ProcessProps) { p.Port = 80 }),
		`test/process: Port: 80: must be between 1024 and 65535`,
	},
	"negative port": {
		wrongProcess(func(p *django.ProcessProps) { p.Port = -1 }),
		`test/process: Port: -1: must be between 1024 and 65535`,
	},
	"port": {
		wrongProcess(func(p *django.ProcessProps) { p.Port = 65536 }),
		`test/process: Port: 65536: must be between 1024 and 65535`,
	},
	"negative connections": {
		wrongProcess(func(p *django.ProcessProps) { p.Connections = -1 }),
		`test/process: Connections: -1: must be between 1 and 100000`,
	},
	"absurd connections": {
		wrongProcess(func(p *django.ProcessProps) { p.Connections = math.MaxInt }),
		`test/process: Connections: 9223372036854775807: must be between 1 and 100000`,
	},
	"replicas": {
		wrongProcess(func(p *django.ProcessProps) { p.Replicas = new(-1) }),
		`test/process: Replicas: -1: must be between 0 and 2147483647`,
	},
	"both scalings": {
		wrongProcess(func(p *django.ProcessProps) { p.Replicas, p.Autoscaling.MaxReplicas = new(2), 4 }),
		`test/process: Replicas: 2: must not be given with Autoscaling`,
	},
	"crossed ends": {
		wrongProcess(func(p *django.ProcessProps) { p.Autoscaling = pod.Autoscaling{MinReplicas: 3, MaxReplicas: 2} }),
		`test/process: Autoscaling.MinReplicas: 3: must not be above MaxReplicas, 2`,
	},
	"rollout": {
		wrongProcess(func(p *django.ProcessProps) { p.Rollout.MaxSurge = -1 }),
		`test/process: Rollout.MaxSurge: -1: must be between 0 and 1000`,
	},
	"memory": {
		wrongProcess(func(p *django.ProcessProps) { p.Resources = memory("1") }),
		`test/process: Resources.Limits.Memory: "1": must be at least 1Mi`,
	},
	"no grace": {
		wrongProcess(func(p *django.ProcessProps) { p.TerminationGracePeriodSeconds = -1 }),
		`test/process: TerminationGracePeriodSeconds: -1: must be between 11 and 172800`,
	},
	"endless grace": {
		wrongProcess(func(p *django.ProcessProps) { p.TerminationGracePeriodSeconds = 172801 }),
		`test/process: TerminationGracePeriodSeconds: 172801: must be between 11 and 172800`,
	},
	"service": {
		wrongProcess(func(p *django.ProcessProps) { p.Service.Type = "None" }),
		`test/process: Service.Type: "None": must be one of ClusterIP, NodePort, LoadBalancer`,
	},
	"service of no server": {
		wrongProcess(func(p *django.ProcessProps) { p.Port, p.Service.SessionAffinity = 0, "ClientIP" }),
		`test/process: Service: "...": has no effect without Port`,
	},
	"env": {
		wrongProcess(func(p *django.ProcessProps) { p.Env = map[string]string{"PORT": "9"} }),
		`test/process: Env[PORT]: "...": is managed; set Port instead`,
	},
	"container": {
		wrongProcess(func(p *django.ProcessProps) { p.Pod.Containers = containers("process") }),
		`test/process: Pod.Containers[0].Name: "process": must be another`,
	},
	"name of a command": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			django.NewProcess(chart, "a", django.ProcessProps{
				Project: project, NameSuffix: "worker", Command: []string{"a"},
			})
			django.NewWorker(chart, "b", django.WorkerProps{Project: project, App: "shop"})
		},
		`test/b/Deployment: metadata.name: "django-worker": Deployment test/django-worker is also made by`,
	},
	"nobody migrates": {
		func(chart cdk8s.Chart) {
			project := projectIn(chart, django.Project{})
			env := project.Database.Connection().Secret
			project.Database = postgres.NewDatabase(chart, "database", postgres.DatabaseProps{Secret: env})
			django.NewProcess(chart, "process", django.ProcessProps{
				Project: project, NameSuffix: "channels", Command: []string{"a"},
			})
		},
		`test/process: Project.WaitForMigrations: true: needs a django.Migration of this database in the app`,
	},
}

func TestWrongProcesses(t *testing.T) { checkMistakes(t, wrongProcesses) }
