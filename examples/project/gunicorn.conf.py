# From 25.1 on, gunicorn opens a socket in the home directory, which is read-only. Older versions ignore the name.
control_socket_disable = True
