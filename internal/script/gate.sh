until marked; do
  echo "waiting until the database is restored: $MARK"
  sleep 3
done
