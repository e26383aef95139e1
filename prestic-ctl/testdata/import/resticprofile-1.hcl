global {
  default-command = "snapshots"
}

default {
  repository = "local:@FOLDER@/repository"
  password-file = "@FOLDER@/password"

  backup = {
    source = ["@FOLDER@/source"]
    exclude = ["*.o"]
    schedule = "daily"
  }
}
